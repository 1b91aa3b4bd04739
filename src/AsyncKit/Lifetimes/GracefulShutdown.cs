using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AsyncKit;

/// <summary>
/// Runs the main function of a process and shuts the process down gracefully on a signal: it stops taking new work,
/// finishes the accepted work, and gives up after a limit.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>SIGTERM, SIGINT (Ctrl-C), the token passed to RunAsync, or Stop starts the shutdown, once.</item>
/// <item>The OnStopping hooks run first. Then Stopping is cancelled: the main function stops taking new work, finishes
/// its accepted work and returns.</item>
/// <item>If the main function does not complete within DrainTimeout, Aborting is cancelled. If it does not complete
/// within AbortTimeout after that, it is abandoned. Nothing else may still run when RunAsync completes.</item>
/// <item>The OnStopped hooks run after the main function, regardless of its outcome.</item>
/// <item>Hooks run one after the other in the order in which they were added, each with a fresh token and a time limit.
/// Every hook runs, even if an earlier one throws. The main function and the hooks run on the thread pool.</item>
/// <item>The exit code is 0 if the main function completes on its own, or within DrainTimeout, and lost no accepted work.
/// Otherwise it is 1, and the loss is logged.</item>
/// <item>Work is lost if the main function is aborted. Work is also lost if a fan-out that it started is cancelled after
/// Stopping, with items that it took from its source and did not complete, even if the exception was caught. A fan-out
/// that gets Stopping as its <see cref="FanOutOptions.DrainToken"/> and Aborting as its token completes what it
/// took.</item>
/// <item>An OperationCanceledException that the main function throws after Stopping counts as a normal completion: a loop
/// that waits for its next turn loses nothing. The exception counts as lost work if it contains a failure or a timeout,
/// or if it is the exception of an item.</item>
/// <item>Any other exception of the main function is thrown after the hooks. The task's Exception also contains the
/// exceptions of the hooks.</item>
/// <item>A second signal ends the process at once, with exit code 128 + the number of the signal: 143 for SIGTERM, 130
/// for SIGINT.</item>
/// </list>
/// Run one at a time per process. Cost: a signal handler per signal while it runs.
/// </remarks>
/// <example>
/// <code>
/// return await GracefulShutdown.RunAsync(async shutdown =&gt;
/// {
///     var options = new FanOutOptions(8) { DrainToken = shutdown.Stopping };
///     await messages.Reader.ReadAllAsync().FanOutAsync(options, HandleAsync, shutdown.Aborting);
/// });
/// </code>
/// </example>
#pragma warning disable CA1001 // An abandoned main function may still use the tokens; they hold no timer.
public sealed class GracefulShutdown
#pragma warning restore CA1001
{
    private const int Drained = 0;
    private const int Aborted = 1;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private readonly TaskCompletionSource<string> _requested = AsyncEnvironment.NewCompletion<string>();
    private readonly List<Cleanup> _stoppingHooks = [];
    private readonly List<Cleanup> _stoppedHooks = [];
    private readonly List<Exception> _failures = [];
    private readonly GracefulShutdownOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly UnfinishedWork _unfinished;
    private int _isRequested;
    private int _signals;

    private GracefulShutdown(GracefulShutdownOptions options)
    {
        _options = options;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
        _logger = options.Logger ?? NullLogger.Instance;
        Stopping = _stopping.Token;
        _unfinished = new UnfinishedWork(Stopping);
        Aborting = _aborting.Token;
    }

    /// <summary>The token that is cancelled when the process must not take new work. Pass it to calls that accept,
    /// receive or poll.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>The token that is cancelled when <see cref="GracefulShutdownOptions.DrainTimeout"/> has elapsed. Pass
    /// it to the work itself.</summary>
    public CancellationToken Aborting { get; }

    /// <summary>Runs the main function until it completes on its own or the shutdown completes.</summary>
    /// <param name="main">The function to run on the thread pool. It completes when <see cref="Stopping"/> is cancelled
    /// and its accepted work is done.</param>
    /// <param name="options">The signals and the limits; null for the defaults.</param>
    /// <param name="cancellationToken">Starts the shutdown like a signal, for use inside a host. It does not cancel the
    /// returned task.</param>
    /// <returns>A task that completes with the exit code of the process: 0 if all accepted work was done, 1 if the main
    /// function was aborted or a fan-out that it started lost items.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="main"/> is null; thrown at the call.</exception>
    /// <exception cref="PlatformNotSupportedException">The task is faulted with this if the platform does not support
    /// signals, for example in a browser.</exception>
    [OverloadResolutionPriority(1)]
    public static Task<int> RunAsync(
        Func<GracefulShutdown, Task> main,
        GracefulShutdownOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(main);
        return new GracefulShutdown(options ?? new()).RunCoreAsync(main, cancellationToken).Unwrap();
    }

    /// <inheritdoc cref="RunAsync(Func{GracefulShutdown, Task}, GracefulShutdownOptions, CancellationToken)"/>
    public static Task<int> RunAsync(
        Func<GracefulShutdown, ValueTask> main,
        GracefulShutdownOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(main);
        return RunAsync(shutdown => main(shutdown).AsTask(), options, cancellationToken);
    }

    /// <summary>Adds a hook that runs when the shutdown starts, before <see cref="Stopping"/> is cancelled. Use it to
    /// report this instance as not ready, and to wait until its clients know.</summary>
    /// <param name="hook">The function to call once. It receives a token that is cancelled after
    /// <see cref="GracefulShutdownOptions.HookTimeout"/>. It is not called if it is added after the other hooks have
    /// run.</param>
    /// <exception cref="ArgumentNullException"><paramref name="hook"/> is null.</exception>
    [OverloadResolutionPriority(1)]
    public void OnStopping(Func<CancellationToken, ValueTask> hook) => Add(_stoppingHooks, hook);

    /// <inheritdoc cref="OnStopping(Func{CancellationToken, ValueTask})"/>
    public void OnStopping(Func<CancellationToken, Task> hook) => Add(_stoppingHooks, AsValueTask(hook));

    /// <summary>Adds a hook that runs after the main function, for example to flush buffers or close
    /// connections.</summary>
    /// <param name="hook">The function to call once. It receives a token that is cancelled after
    /// <see cref="GracefulShutdownOptions.HookTimeout"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="hook"/> is null.</exception>
    [OverloadResolutionPriority(1)]
    public void OnStopped(Func<CancellationToken, ValueTask> hook) => Add(_stoppedHooks, hook);

    /// <inheritdoc cref="OnStopped(Func{CancellationToken, ValueTask})"/>
    public void OnStopped(Func<CancellationToken, Task> hook) => Add(_stoppedHooks, AsValueTask(hook));

    /// <summary>Starts the shutdown, as a signal does. Returns at once; a second call does nothing.</summary>
    public void Stop() => Request("Stop was called");

    /// <summary>Handles a signal, on any thread that the runtime chooses.</summary>
    internal void OnSignal(PosixSignal signal)
    {
        if (Interlocked.Increment(ref _signals) == 1)
        {
            Request(signal.ToString());
            return;
        }

        var code = ExitCodeOf(signal);
        Log.ShutdownExiting(_logger, signal.ToString(), code);
        _options.Exit(code);
    }

    private static Func<CancellationToken, ValueTask> AsValueTask(Func<CancellationToken, Task> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return token => DelegateAdapters.AsValueTask(hook(token));
    }

    private static int ExitCodeOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 128 + 1,
        PosixSignal.SIGINT => 128 + 2,
        PosixSignal.SIGQUIT => 128 + 3,
        PosixSignal.SIGTERM => 128 + 15,
        _ => (int)signal > 0 ? 128 + (int)signal : 1,
    };

    /// <summary>Returns whether an exception that looks like a cancellation reports work that failed.</summary>
    private static bool IsFailure(OperationCanceledException exception) =>
        !Cancellation.IsPlain(exception) || exception.Data.Contains(FanOut.IndexDataKey);

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
            return await RunStagesAsync(Start(main)).NoContext();
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
            throw new PlatformNotSupportedException("This platform does not support signals; leave Signals empty.");
        }

        return PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true; // Otherwise the runtime ends the process.
            OnSignal(context.Signal);
        });
    }

    /// <summary>Starts the main function on the thread pool, so that one that blocks does not block the
    /// shutdown.</summary>
    /// <returns>A task that never faults. Its result is the exception of the main function, or null.</returns>
    private Task<Exception?> Start(Func<GracefulShutdown, Task> main)
    {
        var completion = AsyncEnvironment.NewCompletion<Exception?>();
        ThreadPoolWork.Queue(() => _ = CallAsync(), ExecutionContext.Capture());
        return completion.Task;

        async Task CallAsync()
        {
            Exception? thrown = null;
            _unfinished.Observe();
            try
            {
                await (main(this)
                    ?? throw new InvalidOperationException("main returned null instead of a Task.")).NoContext();
            }
            catch (Exception exception)
            {
                thrown = exception;
            }

            AsyncEnvironment.Complete(completion, thrown);
        }
    }

    private async Task<Task<int>> RunStagesAsync(Task<Exception?> main)
    {
        var code = Drained;
        var first = await Task.WhenAny(main, _requested.Task).NoContext();
        if (AsyncEnvironment.Controller is null)
        {
            await AsyncEnvironment.ToPool(); // Hooks run where the main function ran, even if it returned at once.
        }

        if (first != main)
        {
            code = await StopAsync(main).NoContext();
        }

        await RunHooksAsync(_stoppedHooks).NoContext();
        var thrown = main.IsCompleted ? await main.NoContext() : null;
        if (_unfinished.Items > 0)
        {
            code = Aborted;
            Log.ShutdownLostItems(_logger, _unfinished.Items);
        }

        if (thrown is OperationCanceledException cancelled && Stopping.IsCancellationRequested)
        {
            thrown = null;
            if (IsFailure(cancelled))
            {
                code = Aborted;
                Log.ShutdownFailed(_logger, cancelled);
            }
        }

        Log.ShutdownCompleted(_logger, code);

        Exception[] failures;
        lock (_lock)
        {
            failures = [.. _failures];
        }

        return (thrown, failures) switch
        {
            ({ } exception, _) => TaskExceptions.WithCleanupFailures<int>(exception, failures, Aborting),
            (_, []) => Task.FromResult(code),
            _ => TaskExceptions.Faulted<int>(failures),
        };
    }

    private async Task<int> StopAsync(Task<Exception?> main)
    {
        Log.ShutdownStarting(_logger, await _requested.Task.NoContext());
        await RunHooksAsync(_stoppingHooks).NoContext();
        Log.ShutdownDraining(_logger, _options.DrainTimeout);
        var stopping = CancelAsync(_stopping);
        if (await CompletesWithinAsync(main, _options.DrainTimeout).NoContext())
        {
            await stopping.NoContext();
            return Drained;
        }

        Log.ShutdownAborting(_logger, _options.DrainTimeout);
        var aborting = CancelAsync(_aborting);
        if (await CompletesWithinAsync(main, _options.AbortTimeout).NoContext())
        {
            await Task.WhenAll(stopping, aborting).NoContext();
        }
        else
        {
            Log.ShutdownAbandoning(_logger, _options.AbortTimeout);
        }

        return Aborted;
    }

    private async Task<bool> CompletesWithinAsync(Task<Exception?> main, TimeSpan limit)
    {
        await main.WaitAsync(Guards.ForTimer(limit), _clock).NoThrow();
        return main.IsCompleted;
    }

    /// <summary>Never throws; exceptions of callbacks on the token are reported at the end.</summary>
    private async Task CancelAsync(CancellationTokenSource source)
    {
        var cancelling = AsyncEnvironment.CancelAsync(source);
        await cancelling.NoThrow();
        Report(cancelling.Exception?.InnerExceptions ?? []);
    }

    private async Task RunHooksAsync(List<Cleanup> hooks)
    {
        for (var next = 0; ; next++)
        {
            Cleanup hook;
            lock (_lock) // A hook may add hooks.
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
            Report(thrown);
        }
    }

    private void Report(IEnumerable<Exception> failures)
    {
        lock (_lock)
        {
            _failures.AddRange(failures);
        }
    }

    private void Add(List<Cleanup> hooks, Func<CancellationToken, ValueTask> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        lock (_lock)
        {
            hooks.Add(new Cleanup(hook));
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
