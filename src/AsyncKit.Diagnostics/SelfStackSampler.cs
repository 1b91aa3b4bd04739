using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing.Etlx;
using Microsoft.Diagnostics.Tracing.EventPipe;

#pragma warning disable RS0030 // Sleeps on its own thread, since the thread pool may be starving.

namespace AsyncKit.Diagnostics;

/// <summary>
/// Samples the stacks of all threads of this process over the runtime's diagnostics port, as dotnet-stack does.
/// </summary>
/// <param name="describe">Describes the last stack of a thread; null leaves the thread out.</param>
/// <remarks>
/// A call takes 0.1 to 0.3 s. The runtime stops all threads for each sample, a few milliseconds in all. The trace is read
/// while it arrives, so it is never written to a file. <see cref="Sample"/> is called by one thread at a time.
/// <para>
/// Invariants:
/// (1) Nothing here needs a thread-pool thread, since the thread pool starves when it runs. The rundown of TraceLog does;
/// so this session requests the rundown itself, and the names of the methods arrive after the samples.
/// (2) The caller waits no longer than its limit. Then the session is disposed, which ends the reader; until the reader
/// has exited, further calls return nothing.
/// (3) No exception leaves the threads. They are background threads.
/// </para>
/// </remarks>
internal sealed class SelfStackSampler(Func<TraceCallStack, string?> describe)
{
    private const string ThreadName = "AsyncKit:StackSampler";
    private const int BufferMb = 256; // A limit, not allocated at once. The runtime drops events beyond it.

    private static readonly TimeSpan SampleTime = TimeSpan.FromMilliseconds(30);

    private volatile EventPipeSession? _session;
    private Thread? _reader;

    /// <param name="limit">How long to wait for the runtime.</param>
    /// <returns>The descriptions; empty if the diagnostics port is turned off or does not answer in time.</returns>
    public IReadOnlyList<string> Sample(TimeSpan limit)
    {
        IReadOnlyList<string> stacks = [];
        if (_reader is not { IsAlive: true })
        {
            _session = null;
            _reader = StartThread(() => stacks = Read());
            if (_reader.Join(limit))
            {
                return stacks;
            }
        }

        if (_session is { } late)
        {
            _ = StartThread(late.Dispose); // It may wait for the runtime without a limit.
        }

        return [];
    }

    private static Thread StartThread(Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception)
            {
                // The port is broken or the session is disposed: the finding is reported without a method.
            }
        })
        {
            IsBackground = true,
            Name = ThreadName,
        };
        thread.UnsafeStart();
        return thread;
    }

    private List<string> Read()
    {
        if (OperatingSystem.IsWindows() && !DiagnosticsClient.GetPublishedProcesses().Contains(Environment.ProcessId))
        {
            return []; // The port is turned off. Elsewhere the client throws; here it would wait for the pipe to appear.
        }

        using var session = new DiagnosticsClient(Environment.ProcessId).StartEventPipeSession(
            [new EventPipeProvider(SampleProfilerTraceEventParser.ProviderName, EventLevel.Informational)],
            requestRundown: true,
            BufferMb);
        _session = session;

        // On another thread: the runtime answers after the rest of the trace has been read.
        _ = StartThread(() =>
        {
            Thread.Sleep(SampleTime);
            session.Stop();
        });
        var last = new Dictionary<int, TraceCallStack>(); // By the id of the thread.
        using var source = TraceLog.CreateFromEventPipeSession(session, TraceLog.EventPipeRundownConfiguration.None());
        new SampleProfilerTraceEventParser(source).ThreadSample += sample =>
        {
            if (sample.CallStack() is { } stack)
            {
                last[sample.ThreadID] = stack;
            }
        };
        _ = source.Process();
        return [.. last.Values.Select(describe).OfType<string>()];
    }
}
