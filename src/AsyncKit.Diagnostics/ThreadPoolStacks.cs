using Microsoft.Diagnostics.Tracing.Etlx;

namespace AsyncKit.Diagnostics;

/// <summary>Finds the methods in which the threads of the thread pool are.</summary>
/// <remarks>Called by one thread at a time.</remarks>
internal sealed class ThreadPoolStacks
{
    private const string DispatchLoop = "System.Threading.ThreadPoolWorkQueue.Dispatch";

    private readonly SelfStackSampler _sampler = new(Describe);

    /// <summary>Samples the stacks of this process.</summary>
    /// <param name="limit">How long to wait for the runtime.</param>
    /// <returns>The groups of threads that run work with user code on the stack; empty if there is no trace.</returns>
    public IReadOnlyList<ThreadPoolHotspot> Sample(TimeSpan limit) => ThreadPoolHotspot.Of(_sampler.Sample(limit));

    /// <summary>Null for a thread that is not the thread pool's, or runs no user code.</summary>
    private static string? Describe(TraceCallStack stack)
    {
        var lines = new List<(string Text, bool IsRuntime)>();
        var isThreadPool = false;
        for (var frame = stack; frame is not null; frame = frame.Caller)
        {
            if (frame.CodeAddress.Method is { } method)
            {
                var name = method.FullMethodName.Split('(')[0];
                isThreadPool |= string.Equals(name, DispatchLoop, StringComparison.Ordinal);
                lines.Add(($"   at {name}", method.MethodModuleFile is not { } file || UserStack.IsRuntime(file.Name)));
            }
        }

        return isThreadPool ? UserStack.Describe(lines) : null;
    }
}
