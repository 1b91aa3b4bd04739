using System.Globalization;

namespace AsyncKit.Http;

/// <summary>The scheme, name and port of a host. Requests with the same key share its limits.</summary>
internal readonly record struct HostKey(string Scheme, string Name, int Port)
{
    public static HostKey Of(Uri? uri) =>
        uri is { IsAbsoluteUri: true } ? new(uri.Scheme, uri.IdnHost, uri.Port) : new("", "", 0);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Scheme}://{(Name.Contains(':', StringComparison.Ordinal) ? $"[{Name}]" : Name)}:{Port}"); // IPv6.
}
