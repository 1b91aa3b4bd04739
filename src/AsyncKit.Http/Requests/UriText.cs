namespace AsyncKit.Http;

/// <summary>Formats an address for messages, without its secrets: neither the query nor the user info.</summary>
internal static class UriText
{
    public static string Of(Uri? uri) => uri switch
    {
        null => "(no address)",
        { IsAbsoluteUri: true } => uri.GetComponents(
            UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped),
        _ => uri.OriginalString.Split('?', '#')[0],
    };

    public static string Of(HttpRequestMessage? request) => $"{request?.Method} {Of(request?.RequestUri)}";
}
