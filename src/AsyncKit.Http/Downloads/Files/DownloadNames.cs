using System.Runtime.CompilerServices;

#pragma warning disable CA2208, MA0015 // The parameter is that of the call which the names are for.

namespace AsyncKit.Http;

/// <summary>Gives each URL of a run a file in the folder, in source order, so that the same URLs get the same files the next
/// time.</summary>
/// <remarks>
/// Invariants:
/// (1) No two items have paths that differ in nothing but case.
/// (2) An item is its object: a <see cref="Uri"/> that comes twice is copied, so that the second has a path of its own, also
/// when it is tried again.
/// </remarks>
internal sealed class DownloadNames(string folder, Uri? baseAddress)
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _last = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConditionalWeakTable<Uri, string> _paths = [];

    /// <summary>One at a time, in source order.</summary>
    /// <returns>The item to download, in place of that of the source.</returns>
    /// <exception cref="ArgumentException">The item is null, or relative to nothing.</exception>
    public Uri Add(Uri? uri)
    {
        if (uri is null)
        {
            throw new ArgumentException("uris must not contain null.", "uris");
        }

        var path = Path.Combine(folder, NewName(DownloadFileName.Of(DownloadUri.Absolute(uri, baseAddress))));
        if (!string.Equals(Path.GetDirectoryName(Path.GetFullPath(path)), folder, StringComparison.Ordinal))
        {
            throw new ArgumentException($"{UriText.Of(uri)} names a file outside of {folder}.", "uris");
        }

        if (!_paths.TryAdd(uri, path))
        {
            uri = new Uri(uri.OriginalString, UriKind.RelativeOrAbsolute);
            _paths.Add(uri, path);
        }

        return uri;
    }

    /// <summary>From any thread.</summary>
    public string PathOf(Uri added) => _paths.TryGetValue(added, out var path)
        ? path
        : throw new InvalidOperationException("The item was not added.");

    private string NewName(string name)
    {
        if (_taken.Add(name))
        {
            return name;
        }

        var number = _last.GetValueOrDefault(name, 1);
        string numbered;
        do
        {
            numbered = DownloadFileName.WithNumber(name, ++number);
        }
        while (!_taken.Add(numbered));
        _last[name] = number;
        return numbered;
    }
}
