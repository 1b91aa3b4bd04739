namespace AsyncKit;

/// <content>One call on one of the lane's threads.</content>
public sealed partial class BlockingLane
{
    /// <summary>Runs a blocking call on a thread of the lane.</summary>
    /// <typeparam name="TResult">What it returns; no task.</typeparam>
    /// <param name="work">The call. It gets the token if it takes one, and may look at it.</param>
    /// <param name="cancellationToken">Before the work has begun: it never runs. Later: the caller waits for its
    /// end.</param>
    /// <returns>Ends with what the work returns or throws. Its continuations never run on the lane's thread.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The work returns a task; thrown at the call if its type says so, else from the
    /// task.</exception>
    /// <exception cref="OperationCanceledException">From the task: the token was cancelled before the work had begun, or the
    /// work has thrown one after it; or the lane was disposed before the work had begun.</exception>
    /// <exception cref="BlockingLaneFullException">From the task: the lane is full, and
    /// <see cref="BlockingLaneOptions.WhenFull"/> is <see cref="WhenFull.Reject"/>.</exception>
    /// <exception cref="ObjectDisposedException">From the task: the lane is disposed.</exception>
    /// <exception cref="InvalidOperationException">From the task: the call is made by work on this lane, and every thread of
    /// the lane would then wait for work that cannot begin.</exception>
    /// <remarks>Cost: three objects, some 250 bytes; a thread that sleeps is woken, and one that is started takes the caller
    /// about 100 microseconds.</remarks>
    public Task<TResult> RunAsync<TResult>(Func<TResult> work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <summary>Runs a blocking call on a thread of the lane, with a choice of what a cancellation does after it has
    /// begun.</summary>
    /// <typeparam name="TResult">What it returns; no task.</typeparam>
    /// <param name="work">The call. It gets the token if it takes one, and may look at it.</param>
    /// <param name="onCancel">What a cancellation does to work that has begun.</param>
    /// <param name="cancellationToken">Before the work has begun: it never runs. Later: what
    /// <paramref name="onCancel"/> says.</param>
    /// <returns>Ends with what the work returns or throws. Its continuations never run on the lane's thread.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="onCancel"/> is not one of the named ones; thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">The work returns a task; thrown at the call if its type says so, else from the
    /// task.</exception>
    /// <exception cref="OperationCanceledException">From the task: the token was cancelled before the work had begun, or the
    /// caller has left it, or it was interrupted or has thrown one after it; or the lane was disposed before the work had
    /// begun.</exception>
    /// <exception cref="BlockingLaneFullException">From the task: the lane is full, and
    /// <see cref="BlockingLaneOptions.WhenFull"/> is <see cref="WhenFull.Reject"/>.</exception>
    /// <exception cref="ObjectDisposedException">From the task: the lane is disposed.</exception>
    /// <exception cref="InvalidOperationException">From the task: the call is made by work on this lane, and every thread of
    /// the lane would then wait for work that cannot begin.</exception>
    /// <remarks>Cost: three objects, some 250 bytes, and the registration with the token; a thread that sleeps is woken, and
    /// one that is started takes the caller about 100 microseconds.</remarks>
    public Task<TResult> RunAsync<TResult>(
        Func<TResult> work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(static (work, _) => work(), work, onCancel, cancellationToken);
    }

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    public Task<TResult> RunAsync<TResult>(
        Func<CancellationToken, TResult> work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    public Task<TResult> RunAsync<TResult>(
        Func<CancellationToken, TResult> work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(static (work, token) => work(token), work, onCancel, cancellationToken);
    }

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    public Task RunAsync(Action work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    public Task RunAsync(Action work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(
            static (work, _) =>
            {
                work();
                return default(Unit);
            },
            work,
            onCancel,
            cancellationToken);
    }

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    public Task RunAsync(Action<CancellationToken> work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    public Task RunAsync(
        Action<CancellationToken> work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(
            static (work, token) =>
            {
                work(token);
                return default(Unit);
            },
            work,
            onCancel,
            cancellationToken);
    }

    /// <summary>What all calls come down to.</summary>
    internal Task<TResult> StartAsync<TState, TResult>(
        Func<TState, CancellationToken, TResult> work,
        TState state,
        OnCancel onCancel,
        CancellationToken cancellationToken)
    {
        TaskResultGuard.CheckType<TResult>(nameof(work));
        _ = Guards.Defined(onCancel);
        return StartAsync(work, state, onCancel, CurrentWork, cancellationToken);
    }

    /// <summary>The work of this lane that the current thread runs.</summary>
    internal LaneItem? CurrentWork => LaneThread.Current is { } work && work.Engine == _engine ? work : null;

    /// <param name="work">Checked.</param>
    /// <param name="state">For the work.</param>
    /// <param name="onCancel">Checked.</param>
    /// <param name="parent">The work of this lane that waits for this one.</param>
    /// <param name="cancellationToken">The caller's.</param>
    internal Task<TResult> StartAsync<TState, TResult>(
        Func<TState, CancellationToken, TResult> work,
        TState state,
        OnCancel onCancel,
        LaneItem? parent,
        CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        var item = new LaneItem<TState, TResult>(_engine, work, state, onCancel, cancellationToken);
        item.ListenToToken();
        _engine.Give(item, parent);
        return item.Task;
    }

    /// <summary>Runs whatever the state of the lane is.</summary>
    internal Task CleanUpAsync<TState>(Action<TState> work, TState state)
    {
        var item = new LaneItem<(Action<TState> Work, TState State), Unit>(
            _engine,
            static (all, _) =>
            {
                all.Work(all.State);
                return default;
            },
            (work, state),
            OnCancel.Wait,
            default);
        _engine.Give(item, parent: null, mustRun: true);
        return item.Task;
    }
}
