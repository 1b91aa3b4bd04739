using System.Runtime.CompilerServices;

#pragma warning disable CA2208, MA0015 // "uris" is the parameter of the public method.

namespace AsyncKit.Http;

/// <summary>Assigns a file in the folder to each URL of a run, in source order. The same URLs get the same files in the
/// next run.</summary>
/// <remarks>
/// Invariants:
/// (1) No two items have paths that are equal or differ only in case.
/// (2) An item is identified by its object. A <see cref="Uri"/> that occurs twice is copied, so that the second has its
/// own path, even after a retry.
/// </remarks>
internal sealed class DownloadNames(string folder, Uri? baseAddress)
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _lastNumbers = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConditionalWeakTable<Uri, string> _paths = [];

    /// <summary>Assigns the next path. Calls must be sequential, in source order.</summary>
    /// <returns>The item to download instead of that of the source.</returns>
    /// <exception cref="ArgumentException">The item is null, or relative while there is no base address.</exception>
    public Uri Add(Uri? uri)
    {
        if (uri is null)
        {
            throw new ArgumentException("uris must not contain null.", "uris");
        }

        var path = Path.Combine(folder, NewName(DownloadFileName.Of(DownloadUri.Absolute(uri, baseAddress))));
        if (!string.Equals(Path.GetDirectoryName(Path.GetFullPath(path)), folder, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"uris must name files inside of {folder}; {UriText.Of(uri)} does not.", "uris");
        }

        if (!_paths.TryAdd(uri, path))
        {
            uri = new Uri(uri.OriginalString, UriKind.RelativeOrAbsolute);
            _paths.Add(uri, path);
        }

        return uri;
    }

    /// <summary>Returns the path of an added item. Thread-safe.</summary>
    public string PathOf(Uri added) => _paths.TryGetValue(added, out var path)
        ? path
        : throw new InvalidOperationException("The item was not added.");

    private string NewName(string name)
    {
        if (_taken.Add(name))
        {
            return name;
        }

        var number = _lastNumbers.GetValueOrDefault(name, 1);
        string numbered;
        do
        {
            numbered = DownloadFileName.WithNumber(name, ++number);
        }
        while (!_taken.Add(numbered));
        _lastNumbers[name] = number;
        return numbered;
    }
}
