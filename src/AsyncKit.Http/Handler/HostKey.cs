using System.Globalization;

namespace AsyncKit.Http;

/// <summary>What shares one limit.</summary>
internal readonly record struct HostKey(string Scheme, string Name, int Port)
{
    public static HostKey Of(Uri? uri) =>
        uri is { IsAbsoluteUri: true } ? new(uri.Scheme, uri.IdnHost, uri.Port) : new("", "", 0);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Scheme}://{(Name.Contains(':', StringComparison.Ordinal) ? $"[{Name}]" : Name)}:{Port}"); // That of IPv6.
}
