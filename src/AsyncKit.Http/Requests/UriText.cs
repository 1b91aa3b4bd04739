namespace AsyncKit.Http;

/// <summary>Formats an address for messages, without its secrets: neither the query nor the user info.</summary>
internal static class UriText
{
    /// <remarks>GetComponents would throw for a URI that was created without canonicalization.</remarks>
    public static string Of(Uri? uri) => uri switch
    {
        null => "(no address)",
        { IsAbsoluteUri: true } => SafeText.Of($"{uri.Scheme}{Uri.SchemeDelimiter}{uri.Authority}{uri.AbsolutePath}"),
        _ => SafeText.Of(WithoutUserInfo(uri.OriginalString.Split('?', '#')[0])),
    };

    public static string Of(HttpRequestMessage? request) =>
        $"{SafeText.Of(request?.Method.Method ?? "")} {Of(request?.RequestUri)}";

    /// <summary>A relative address may start with an authority, as in "//user@host/path".</summary>
    private static string WithoutUserInfo(string text) =>
        text.StartsWith("//", StringComparison.Ordinal) && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at
            ? "//" + text[(at + 1)..]
            : text;
}
