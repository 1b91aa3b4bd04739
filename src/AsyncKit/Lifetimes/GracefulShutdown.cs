using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AsyncKit;

/// <summary>
/// Runs the main function of a process, and ends it in good order when the process is told to: take nothing new, finish
/// what was accepted, give up after a limit.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>SIGTERM, SIGINT (Ctrl-C), the token given to RunAsync or Stop begins the shutdown, once.</item>
/// <item>The hooks for the beginning run first, then Stopping is cancelled: the main function takes nothing new, finishes
/// what it has, and returns.</item>
/// <item>If it has not ended within DrainTimeout, Aborting is cancelled. If it has not ended within AbortTimeout after
/// that, it is left behind: the one thing that may still run when RunAsync ends.</item>
/// <item>The hooks for the end run after the main function, however it has ended. Hooks run one after the other in the
/// order they were added, each with a fresh token and a time limit, and every one even if one before it throws.</item>
/// <item>The exit code is 0 if the main function has ended by itself, before or within DrainTimeout, and 1 if it had to be
/// aborted. After Stopping, an OperationCanceledException out of it is an end like any other.</item>
/// <item>What else the main function throws is thrown after the hooks; what hooks throw is beside it in the task's
/// Exception.</item>
/// <item>A second signal ends the process at once, with exit code 128 + the number of the signal: 143 for SIGTERM, 130 for
/// SIGINT.</item>
/// </list>
/// One at a time in a process makes sense. Cost: a handler for each signal while it runs.
/// </remarks>
#pragma warning disable CA1001 // What was left behind may hold the tokens; without a timer there is nothing to free.
public sealed class GracefulShutdown
#pragma warning restore CA1001
{
    private const int Drained = 0;
    private const int Aborted = 1;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private readonly TaskCompletionSource<string> _requested = AsyncEnvironment.NewCompletion<string>();
    private readonly List<Cleanup> _atStop = [];
    private readonly List<Cleanup> _atEnd = [];
    private readonly List<Exception> _failures = [];
    private readonly GracefulShutdownOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private int _isRequested;
    private int _signals;

    private GracefulShutdown(GracefulShutdownOptions options)
    {
        _options = options;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
        _logger = options.Logger ?? NullLogger.Instance;
        Stopping = _stopping.Token;
        Aborting = _aborting.Token;
    }

    /// <summary>Cancelled when nothing new may be taken: give it to what accepts, receives or polls.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Cancelled when <see cref="GracefulShutdownOptions.DrainTimeout"/> has passed: give it to the work
    /// itself.</summary>
    public CancellationToken Aborting { get; }

    /// <summary>Runs the main function until it ends by itself or the process is told to end.</summary>
    /// <param name="main">Called on the pool. It ends when <see cref="Stopping"/> is cancelled and what it has accepted is
    /// done.</param>
    /// <param name="options">The signals and the limits; null for the defaults.</param>
    /// <param name="cancellationToken">Begins the shutdown, as a signal does; for what runs inside a host. The task is not
    /// cancelled by it.</param>
    /// <returns>A task with the exit code of the process: 0 if all was done, 1 if the main function had to be
    /// aborted.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="main"/> is null; thrown at the call.</exception>
    /// <exception cref="PlatformNotSupportedException">From the task: the platform has no signals, such as a
    /// browser.</exception>
    public static Task<int> RunAsync(
        Func<GracefulShutdown, Task> main,
        GracefulShutdownOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(main);
        return new GracefulShutdown(options ?? new()).RunCoreAsync(main, cancellationToken).Unwrap();
    }

    /// <summary>Adds something to be done when the shutdown begins, before <see cref="Stopping"/> is cancelled: to say that
    /// this instance is not ready any more, and to wait until that is known.</summary>
    /// <param name="hook">Called once, with a token that is cancelled after
    /// <see cref="GracefulShutdownOptions.HookTimeout"/>. Not called when it is added later than that.</param>
    /// <exception cref="ArgumentNullException"><paramref name="hook"/> is null.</exception>
    public void OnStopping(Func<CancellationToken, ValueTask> hook) => Add(_atStop, hook);

    /// <summary>Adds something to be done after the main function: to flush, to close, to say goodbye.</summary>
    /// <param name="hook">Called once, with a token that is cancelled after
    /// <see cref="GracefulShutdownOptions.HookTimeout"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="hook"/> is null.</exception>
    public void OnStopped(Func<CancellationToken, ValueTask> hook) => Add(_atEnd, hook);

    /// <summary>Begins the shutdown, as a signal does. Returns at once; a second call does nothing.</summary>
    public void Stop() => Request("Stop was called");

    /// <summary>What a signal does; called on whatever thread the runtime has for it.</summary>
    internal void OnSignal(PosixSignal signal)
    {
        if (Interlocked.Increment(ref _signals) == 1)
        {
            Request(signal.ToString());
            return;
        }

        var code = ExitCodeOf(signal);
        Log.ShutdownAtOnce(_logger, signal.ToString(), code);
        _options.Exit(code);
    }

    private static int ExitCodeOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 128 + 1,
        PosixSignal.SIGINT => 128 + 2,
        PosixSignal.SIGQUIT => 128 + 3,
        PosixSignal.SIGTERM => 128 + 15,
        _ => (int)signal > 0 ? 128 + (int)signal : 1,
    };

    private async Task<Task<int>> RunCoreAsync(Func<GracefulShutdown, Task> main, CancellationToken callerToken)
    {
        LeakCounter.Begin();
        var handlers = new List<PosixSignalRegistration>();
        var registration = default(CancellationTokenRegistration);
        try
        {
            foreach (var signal in _options.Signals)
            {
                handlers.Add(Listen(signal));
            }

            registration = callerToken.UnsafeRegister(
                static one => ((GracefulShutdown)one!).Request("the token was cancelled"), this);
            return await RunToEndAsync(Start(main)).NoContext();
        }
        finally
        {
            _ = registration.Unregister();
            handlers.ForEach(handler => handler.Dispose());
            LeakCounter.End();
        }
    }

    private PosixSignalRegistration Listen(PosixSignal signal)
    {
        if (OperatingSystem.IsBrowser() || OperatingSystem.IsWasi() || OperatingSystem.IsAndroid()
            || OperatingSystem.IsIOS() || OperatingSystem.IsTvOS())
        {
            throw new PlatformNotSupportedException("This platform has no signals: leave Signals empty.");
        }

        return PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true; // The runtime would end the process.
            OnSignal(context.Signal);
        });
    }

    /// <summary>On the pool, so that a main function that blocks does not block the shutdown.</summary>
    /// <returns>A task that never faults: with what the main function threw, or null.</returns>
    private Task<Exception?> Start(Func<GracefulShutdown, Task> main)
    {
        var ended = AsyncEnvironment.NewCompletion<Exception?>();
        ThreadPoolWork.Queue(() => _ = CallAsync(), ExecutionContext.Capture());
        return ended.Task;

        async Task CallAsync()
        {
            Exception? thrown = null;
            try
            {
                await (main(this) ?? throw new InvalidOperationException("main returned null instead of a Task.")).NoContext();
            }
            catch (Exception exception)
            {
                thrown = exception;
            }

            AsyncEnvironment.Complete(ended, thrown);
        }
    }

    private async Task<Task<int>> RunToEndAsync(Task<Exception?> main)
    {
        var code = Drained;
        if (await Task.WhenAny(main, _requested.Task).NoContext() != main)
        {
            code = await StopAsync(main).NoContext();
        }

        await RunHooksAsync(_atEnd).NoContext();
        Log.ShutdownEnded(_logger, code);
        var thrown = main.IsCompleted ? await main.NoContext() : null;
        if (thrown is OperationCanceledException && Stopping.IsCancellationRequested)
        {
            thrown = null;
        }

        List<Exception> failures;
        lock (_lock)
        {
            failures = [.. _failures];
        }

        return (thrown, failures) switch
        {
            ({ } exception, _) => TaskExceptions.After<int>(exception, failures, Aborting),
            (_, []) => Task.FromResult(code),
            _ => TaskExceptions.Faulted<int>(failures),
        };
    }

    private async Task<int> StopAsync(Task<Exception?> main)
    {
        Log.ShutdownBegins(_logger, await _requested.Task.NoContext());
        await RunHooksAsync(_atStop).NoContext();
        Log.ShutdownDrains(_logger, _options.DrainTimeout);
        var stopping = CancelAsync(_stopping);
        if (await EndsWithinAsync(main, _options.DrainTimeout).NoContext())
        {
            await stopping.NoContext();
            return Drained;
        }

        Log.ShutdownAborts(_logger, _options.DrainTimeout);
        var aborting = CancelAsync(_aborting);
        if (await EndsWithinAsync(main, _options.AbortTimeout).NoContext())
        {
            await Task.WhenAll(stopping, aborting).NoContext();
        }
        else
        {
            Log.ShutdownLeaves(_logger, _options.AbortTimeout);
        }

        return Aborted;
    }

    private async Task<bool> EndsWithinAsync(Task<Exception?> main, TimeSpan limit)
    {
        try
        {
            _ = await main.WaitAsync(Guards.ForTimer(limit), _clock).NoContext();
            return true;
        }
        catch (TimeoutException)
        {
            return main.IsCompleted;
        }
    }

    /// <summary>Never faults.</summary>
    private async Task CancelAsync(CancellationTokenSource source)
    {
        try
        {
            await AsyncEnvironment.CancelAsync(source).NoContext();
        }
        catch (Exception exception)
        {
            lock (_lock)
            {
                _failures.Add(exception); // What a callback of the user's has thrown.
            }
        }
    }

    private async Task RunHooksAsync(List<Cleanup> hooks)
    {
        for (var next = 0; ; next++)
        {
            Cleanup hook;
            lock (_lock)
            {
                if (next >= hooks.Count)
                {
                    return;
                }

                hook = hooks[next];
            }

            var thrown = new List<Exception>();
            await hook.RunAsync(_options.HookTimeout, _clock, thrown).NoContext();
            thrown.ForEach(exception => Log.ShutdownHookFailed(_logger, exception));
            lock (_lock)
            {
                _failures.AddRange(thrown);
            }
        }
    }

    private void Add(List<Cleanup> hooks, Func<CancellationToken, ValueTask> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        lock (_lock)
        {
            hooks.Add(Cleanup.Of(hook));
        }
    }

    private void Request(string reason)
    {
        if (Interlocked.Exchange(ref _isRequested, 1) == 0)
        {
            AsyncEnvironment.Complete(_requested, reason);
        }
    }
}
