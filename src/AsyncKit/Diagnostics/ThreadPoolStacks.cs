namespace AsyncKit;

/// <summary>What the threads of the pool do at one moment, from a trace of this process.</summary>
internal static class ThreadPoolStacks
{
    private const string PoolType = "System.Threading.ThreadPoolWorkQueue";
    private const string PoolMethod = "Dispatch";

    /// <summary>Takes a trace, so it takes its time.</summary>
    /// <returns>Where those are that run work with a user's method on the stack; nothing where there is no trace to be
    /// had.</returns>
    public static IReadOnlyList<ThreadPoolHotspot> Look()
    {
        if (SelfStackSampler.Take() is not { } bytes || TraceReader.Read(bytes) is not { } trace)
        {
            return [];
        }

        trace.Methods.Sort(static (left, right) => left.Start.CompareTo(right.Start));
        return ThreadPoolHotspot.Of(trace.Threads.Values.Select(stack => Describe(stack, trace)).OfType<string>());
    }

    /// <summary>As <see cref="UserStack.Describe"/>. Null for a thread that is not the pool's, or has nothing of a user's
    /// to do.</summary>
    private static string? Describe(ulong[] stack, TraceReader trace)
    {
        var lines = new List<string>();
        var call = "";
        var isPools = false;
        for (var frame = 0; frame < stack.Length; frame++)
        {
            // But for the innermost, the address is that of the return, which may be behind the method.
            if (MethodAt(stack[frame] - (frame > 0 ? 1ul : 0ul), trace.Methods) is not { } method)
            {
                continue;
            }

            isPools |= method is { Type: PoolType, Name: PoolMethod };
            var line = $"   at {method.Type}.{method.Name}";
            if (!IsRuntimes(method, trace.Modules))
            {
                lines.Add(line);
            }
            else if (lines.Count == 0)
            {
                call = line;
            }
        }

        return isPools && lines.Count > 0 ? string.Join('\n', lines.Prepend(call)) : null;
    }

    private static bool IsRuntimes(TracedMethod method, Dictionary<ulong, string> modules) =>
        !modules.TryGetValue(method.Module, out var path)
        || UserStack.IsRuntimes(Path.GetFileNameWithoutExtension(path));

    private static TracedMethod? MethodAt(ulong address, List<TracedMethod> methods)
    {
        var (low, high) = (0, methods.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var method = methods[middle];
            if (address < method.Start)
            {
                high = middle - 1;
            }
            else if (address >= method.Start + method.Size)
            {
                low = middle + 1;
            }
            else
            {
                return method;
            }
        }

        return null;
    }
}
