using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace AsyncKit.Testing;

/// <summary>The async methods and queued delegates of a schedule that are started and not completed, according to the
/// runtime's events.</summary>
internal sealed partial class PendingOperations
{
    // By task id. A delegate of Task.Run completes after its thread left the context of the schedule.
    private static readonly ConcurrentDictionary<int, PendingOperations> StartedIn = new();

    private readonly Lock _lock = new();
    private readonly Dictionary<int, string> _unfinished = [];
    private bool _isClosed;

    public bool Any
    {
        get
        {
            lock (_lock)
            {
                return _unfinished.Count > 0;
            }
        }
    }

    public void Add(int id, string name)
    {
        // Ignores promises such as Task.WhenAny. The operations that they wait for are of interest.
        if (name.StartsWith("Async: ", StringComparison.Ordinal) || name.StartsWith("Task: ", StringComparison.Ordinal))
        {
            lock (_lock)
            {
                if (!_isClosed)
                {
                    _unfinished[id] = name;
                    StartedIn[id] = this;
                }
            }
        }
    }

    public static void Remove(int id)
    {
        if (StartedIn.TryRemove(id, out var operations))
        {
            lock (operations._lock)
            {
                _ = operations._unfinished.Remove(id);
            }
        }
    }

    /// <summary>Stops tracking, after the end of the schedule.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (var id in _unfinished.Keys)
            {
                _ = StartedIn.TryRemove(id, out _);
            }
        }
    }

    /// <summary>Returns the names, with their counts, in the order of their start.</summary>
    public string Unfinished()
    {
        lock (_lock)
        {
            return _unfinished.Count == 0
                ? "(no known name)"
                : string.Join(", ", _unfinished.OrderBy(one => one.Key)
                    .GroupBy(one => Readable(one.Value), StringComparer.Ordinal)
                    .Select(group => group.Count() == 1 ? group.Key : $"{group.Key} ({group.Count()} times)"));
        }
    }

    /// <summary>Converts the name of a compiler-generated type or method to the name of the user's method.</summary>
    internal static string Readable(string name)
    {
        var compiled = name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        var method = StateMachine().Match(compiled) is { Success: true } machine
            ? machine.Groups["name"].Value
            : compiled;
        return LocalFunction().Match(method) is { Success: true } local ? local.Groups["name"].Value
            : Lambda().Match(method) is { Success: true } lambda ? "a lambda in " + lambda.Groups["name"].Value
            : method;
    }

    [GeneratedRegex("^<(?<name>.+)>d(?:__.*)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StateMachine();

    [GeneratedRegex(@"^<.+>g__(?<name>.+?)\|.*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LocalFunction();

    [GeneratedRegex("^<(?<name>.+)>b__.*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Lambda();
}
