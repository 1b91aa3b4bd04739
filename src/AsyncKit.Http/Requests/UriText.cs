namespace AsyncKit.Http;

/// <summary>What a message says of an address: neither the query nor a password, which are nobody's but the
/// caller's.</summary>
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
