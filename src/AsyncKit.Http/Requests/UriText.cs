namespace AsyncKit.Http;

/// <summary>Formats an address for messages, without its secrets: neither the query nor the user info.</summary>
internal static class UriText
{
    /// <remarks>GetComponents would throw for a URI that was created without canonicalization. In a scheme without
    /// queries, such as ftp, the path contains what looks like one.</remarks>
    public static string Of(Uri? uri) => uri switch
    {
        null => "(no address)",
        { IsAbsoluteUri: true, Scheme: "http" or "https" or "ws" or "wss" } =>
            SafeText.Of($"{uri.Scheme}{Uri.SchemeDelimiter}{uri.Authority}{uri.AbsolutePath}"),
        _ => Of(uri.OriginalString),
    };

    /// <summary>Formats a text that is a relative address, or none.</summary>
    public static string Of(string text) => SafeText.Of(WithoutUserInfo(text.Split('?', '#')[0]));

    public static string Of(HttpRequestMessage? request) =>
        $"{SafeText.Of(request?.Method.Method ?? "")} {Of(request?.RequestUri)}";

    /// <summary>A relative address may start with an authority, as in "//user@host/path". An invalid one may contain one
    /// after a scheme, with one slash or none before it.</summary>
    private static string WithoutUserInfo(string text)
    {
        var slashes = text.IndexOf("//", StringComparison.Ordinal);
        slashes = slashes < 0 ? text.IndexOf(":/", StringComparison.Ordinal) : slashes;
        if (slashes >= 0 && text.LastIndexOf('@') is var last && last > slashes)
        {
            return string.Concat(text.AsSpan(0, slashes + 2), text.AsSpan(last + 1));
        }

        var path = text.IndexOf('/', StringComparison.Ordinal);
        return text[(text.LastIndexOf('@', path < 0 ? Math.Max(text.Length - 1, 0) : path) + 1)..];
    }
}
