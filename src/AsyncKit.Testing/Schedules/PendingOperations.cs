using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace AsyncKit.Testing;

/// <summary>The async methods and queued delegates of a schedule that started and have not completed, according to events
/// of the runtime.</summary>
internal sealed partial class PendingOperations
{
    // By task id. A delegate of Task.Run ends after its thread left the context of the schedule.
    private static readonly ConcurrentDictionary<int, PendingOperations> BegunIn = new();

    private readonly Lock _lock = new();
    private readonly Dictionary<int, string> _unfinished = [];
    private bool _isForgotten;

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

    public void Begin(int id, string name)
    {
        // Other tasks, such as those of Task.WhenAny, are promises. The cause is the operation they wait for.
        if (name.StartsWith("Async: ", StringComparison.Ordinal) || name.StartsWith("Task: ", StringComparison.Ordinal))
        {
            lock (_lock)
            {
                if (!_isForgotten)
                {
                    _unfinished[id] = name;
                    BegunIn[id] = this;
                }
            }
        }
    }

    public static void End(int id)
    {
        if (BegunIn.TryRemove(id, out var operations))
        {
            lock (operations._lock)
            {
                _ = operations._unfinished.Remove(id);
            }
        }
    }

    /// <summary>Drops all operations; the schedule is over.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _isForgotten = true;
            foreach (var id in _unfinished.Keys)
            {
                _ = BegunIn.TryRemove(id, out _);
            }
        }
    }

    /// <summary>Returns the names and their counts, in the order of the starts.</summary>
    public string Unfinished()
    {
        lock (_lock)
        {
            return _unfinished.Count == 0
                ? "nothing that is known by name"
                : string.Join(", ", _unfinished.OrderBy(one => one.Key)
                    .GroupBy(one => Readable(one.Value), StringComparer.Ordinal)
                    .Select(group => group.Count() == 1 ? group.Key : $"{group.Key} ({group.Count()} times)"));
        }
    }

    /// <summary>Maps the compiler-generated name of a method to its name in the source.</summary>
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
