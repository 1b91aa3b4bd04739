using System.Runtime.CompilerServices;
using System.Text;

namespace AsyncKit.Http;

/// <summary>Assigns a file in the folder to each item of a run, in source order.</summary>
/// <remarks>
/// Invariants:
/// (1) No two paths are equal, or differ only in case or in the form of their characters: a derived name with other
/// characters than ASCII contains the hash of its URL.
/// (2) With <c>isUrlBound</c>, a derived name contains the hash of its URL. So the file of one URL is never mistaken for
/// that of another, in any later call.
/// (3) An item is identified by its object. An object that occurs twice has two paths, of the same URL, and each operation
/// has one of them at a time.
/// </remarks>
internal sealed class DownloadNames(string folder, bool isUrlBound)
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _lastNumbers = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConditionalWeakTable<object, PathQueue> _paths = [];

    /// <summary>Assigns the next path. Calls must be sequential, in source order.</summary>
    /// <param name="item">The item.</param>
    /// <param name="uri">The absolute address.</param>
    /// <param name="fileName">The name; null to derive it from the address.</param>
    /// <param name="parameter">The name of the parameter that contains the item.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(object item, Uri uri, string? fileName, string parameter)
    {
        var name = fileName ?? NewName(uri);
        if (fileName is not null && !_taken.Add(fileName))
        {
            throw new ArgumentException($"FileName must be unique in a call; '{fileName}' is the name of an earlier file.", parameter);
        }

        var path = Path.Combine(folder, name);
        if (!string.Equals(Path.GetDirectoryName(Path.GetFullPath(path)), folder, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"{parameter} must name files inside of {folder}; {UriText.Of(uri)} does not.", parameter);
        }

        _paths.GetOrCreateValue(item).Return(path);
    }

    /// <summary>Takes the path of an added item, the first one if it has several. Thread-safe.</summary>
    public string Take(object added) => _paths.TryGetValue(added, out var queue)
        ? queue.Take()
        : throw new InvalidOperationException("The item was not added.");

    /// <summary>Returns a path for the next attempt of the item. Thread-safe.</summary>
    public void Return(object added, string path) => _paths.GetOrCreateValue(added).Return(path);

    private string NewName(Uri uri)
    {
        var name = DownloadFileName.Of(uri);
        if (isUrlBound || !Ascii.IsValid(name))
        {
            name = DownloadFileName.WithHash(name, DownloadSource.Of(uri).Url);
        }

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

    /// <summary>The paths of one object that no operation uses. The last path stays for an operation that was
    /// abandoned.</summary>
    private sealed class PathQueue
    {
        private readonly List<string> _free = [];
        private string? _last;

        public string Take()
        {
            lock (_free)
            {
                if (_free.Count == 0)
                {
                    return _last!;
                }

                var path = _free[0];
                _free.RemoveAt(0);
                _last = path;
                return path;
            }
        }

        public void Return(string path)
        {
            lock (_free)
            {
                if (!_free.Contains(path))
                {
                    _free.Add(path);
                }
            }
        }
    }
}
