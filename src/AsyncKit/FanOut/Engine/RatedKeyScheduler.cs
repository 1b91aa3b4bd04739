using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.RateLimiting;

namespace AsyncKit;

/// <summary>A <see cref="KeyScheduler{T, TKey}"/> whose items also need a permit of the start rate of their key.</summary>
/// <remarks>
/// Every pulled item is parked. A permit is requested for the first parked item of a key that is not full. When it
/// arrives, the key is ready, and the next free worker takes the item: a worker that completed an item, or the holder of
/// the enumerator lock. The holder waits in <see cref="Source"/> for the next item of the source and for a ready key at
/// the same time. Therefore the source is moved by separate work: a source that blocks must not delay a ready key.
/// <para>
/// Lifetime: one for each run, which disposes the source after its last worker. That ends the waits for permits and
/// disposes the limiters.
/// </para>
/// <para>
/// Invariants:
/// (1) At most one permit of a key is requested or granted and not taken. So no more than one start of a key is late if
/// every slot is busy when the permit arrives.
/// (2) A key that is not full and has parked items has requested a permit, unless the run stops.
/// (3) A granted permit is in the list of ready keys once. Each change that the holder waits for wakes it: a ready key,
/// the source, room, the end of the parked items, the stop.
/// (4) User code (source, key function, limiters, leases) never runs under the lock.
/// (5) A lease is held from the grant until its item ends. The leases that a stopped run leaves are disposed with the
/// source.
/// </para>
/// </remarks>
internal sealed class RatedKeyScheduler<T, TKey>(
    Func<T, TKey> keyOf,
    IEqualityComparer<TKey>? comparer,
    Func<TKey, RateLimiter> startRate,
    int maxPerKey,
    int maxParked,
    TimeProvider clock,
    Action<Exception> onFailure,
    Func<bool>? mustStop = null) : KeyScheduler<T, TKey>(keyOf, comparer, maxPerKey, maxParked, mustStop)
    where TKey : notnull
{
    private const int ProbesPerItem = 2;

    private readonly SynchronizationContext? _home = AsyncEnvironment.Controller;
    private ExecutionContext? _context;
    private CancellationTokenSource? _stop; // Linked to the token of the run.

    // Used by the holder only.
    private readonly Queue<KeyQueue> _cooling = new();
    private readonly Queue<RateLimiter> _discarded = new();
    private (long Index, T Item)? _next; // Returned by the source, and not taken by the worker yet.

    // Under the lock.
    private readonly Queue<KeyQueue> _ready = new();
    private readonly Dictionary<long, RateLimitLease> _leases = []; // By the index of the running item.
    private int _requests;

    private long _changes; // Counts what the holder waits for.

    /// <inheritdoc/>
    /// <remarks>A worker takes no item after the run stopped, even if the source has just returned one.</remarks>
    public override IEnumerable<(long Index, T Item)> NotStarted =>
        _next is { } next ? base.NotStarted.Append(next) : base.NotStarted;

    /// <summary>True: the source waits for room.</summary>
    public override bool HasRoom => true;

    private bool HasRequests
    {
        get
        {
            lock (Lock)
            {
                return _requests > 0;
            }
        }
    }

    private bool CanPark => base.HasRoom;

    public override PulledSource<T> Schedule(PulledSource<T> source) => new Source(this, source);

    /// <summary>Returns true: the source returns only items that may start.</summary>
    public override bool TryStart(long index, T item) => true;

    public override bool TryTakeNext(ref long index, [MaybeNullWhen(false)] out T item)
    {
        KeyQueue queue;
        RateLimitLease? lease;
        lock (Lock)
        {
            queue = End(index);
            _ = _leases.Remove(index, out lease);
            ListIfIdle(queue);
        }

        CallerContext.Restore(_context!, _home);
        try
        {
            lease!.Dispose();
        }
        catch (Exception exception)
        {
            Fail(exception);
        }

        Request(queue);
        return TryTakeReady(out index, out item);
    }

    public override void Stop()
    {
        base.Stop();
        WakeHolder();
    }

    /// <summary>Lists the limiters of idle keys. A limiter that is not idle is kept: a new one would permit too
    /// much.</summary>
    protected override void RemoveIdle()
    {
        while (TryTakeIdle(out var queue, out var isIdle))
        {
            if (isIdle && !queue.IsCooling)
            {
                queue.IsCooling = true;
                _cooling.Enqueue(queue);
            }
        }

        for (var probes = Math.Min(ProbesPerItem, _cooling.Count); probes > 0; probes--)
        {
            var queue = _cooling.Dequeue();
            queue.IsCooling = IsIdle(queue);
            if (queue is { IsCooling: true, Limiter: { IdleDuration: not null } limiter })
            {
                (queue.IsCooling, queue.Limiter) = (false, null);
                _discarded.Enqueue(limiter);
                Remove(queue);
            }
            else if (queue.IsCooling)
            {
                _cooling.Enqueue(queue);
            }
        }
    }

    private bool IsIdle(KeyQueue queue)
    {
        lock (Lock)
        {
            return queue.IsIdle;
        }
    }

    /// <summary>Takes the item of a ready key, and requests the next permit of that key.</summary>
    private bool TryTakeReady(out long index, [MaybeNullWhen(false)] out T item)
    {
        KeyQueue? queue;
        lock (Lock)
        {
            if (IsStopped || !_ready.TryDequeue(out queue))
            {
                (index, item) = (0, default);
                return false;
            }

            StartParked(queue, out index, out item);
            _leases.Add(index, queue.Granted!);
            (queue.Granted, queue.IsStarting) = (null, false);
            AssertInvariants(queue);
        }

        Request(queue);
        WakeHolder(); // There is room now, or no parked item.
        return true;
    }

    /// <summary>Requests a permit for the first parked item of a key, unless the key is full or has requested
    /// one.</summary>
    private void Request(KeyQueue queue)
    {
        lock (Lock)
        {
            if (IsStopped || queue.IsStarting || queue.First is null || queue.Count >= MaxPerKey)
            {
                return;
            }

            queue.IsStarting = true;
            _requests++;
            AssertInvariants(queue);
        }

        var request = RateLimits.AcquireAsync(queue.Limiter!, clock, _stop!.Token);
        if (request.IsCompletedSuccessfully)
        {
            Grant(queue, request.Completed());
        }
        else
        {
            _ = GrantLaterAsync(queue, request);
        }
    }

    private async Task GrantLaterAsync(KeyQueue queue, ValueTask<RateLimitLease> request)
    {
        try
        {
            Grant(queue, await request.NoContext());
        }
        catch (Exception exception)
        {
            lock (Lock)
            {
                _requests--;
            }

            if (!_stop!.IsCancellationRequested || !Cancellation.Is(exception))
            {
                Fail(exception);
            }

            WakeHolder();
        }
    }

    private void Grant(KeyQueue queue, RateLimitLease lease)
    {
        lock (Lock)
        {
            _requests--;
            queue.Granted = lease;
            _ready.Enqueue(queue);
            AssertInvariants(queue);
        }

        WakeHolder();
    }

    /// <summary>Ends the run with an exception of a limiter: no parked item starts any more.</summary>
    private void Fail(Exception exception)
    {
        onFailure(exception);
        Stop();
    }

    private RateLimiter CreateLimiter(TKey key) => startRate(key)
        ?? throw new InvalidOperationException("The partition's startRate must not return null.");

    private void WakeHolder() => Room.WakeUpTo(Interlocked.Increment(ref _changes));

    /// <summary>Completes at the first change after the given one.</summary>
    private ValueTask UntilChangeAsync(long seen)
    {
        Room.Arm(seen + 1);
        return Volatile.Read(ref _changes) > seen && Room.TryDisarm(seen + 1) ? default : Room.Woken;
    }

    /// <summary>Disposes leases and limiters, after the last worker. Throws the first exception after all of
    /// them.</summary>
    private async Task DisposeLimitersAsync()
    {
        Exception? failure = null;
        foreach (var lease in Queues.Select(queue => queue.Granted).OfType<IDisposable>().Concat(_leases.Values))
        {
            try
            {
                lease.Dispose();
            }
            catch (Exception exception)
            {
                failure ??= exception;
            }
        }

        foreach (var limiter in Queues.Select(queue => queue.Limiter).OfType<RateLimiter>().Concat(_discarded))
        {
            try
            {
                await limiter.DisposeAsync().NoContext();
            }
            catch (Exception exception)
            {
                failure ??= exception;
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants(KeyQueue queue)
    {
        Debug.Assert(queue.Count >= 0 && queue.Count <= MaxPerKey, "The count of a key is out of range.");
        Debug.Assert(queue.Granted is null || queue is { IsStarting: true, First: not null }, "A permit without an item.");
        Debug.Assert(_requests >= 0 && _ready.Count <= ParkedCount, "More keys are ready than items are parked.");
    }

    /// <summary>The source that the workers pull from: its items have a permit and may start.</summary>
    private sealed class Source(RatedKeyScheduler<T, TKey> keys, PulledSource<T> inner)
        : PulledSource<T>, IThreadPoolWorkItem
    {
        // Written by the work that moves the source, read by the holder after it saw the flag.
        private bool _hasPulled;
        private Exception? _pullFailure;
        private volatile bool _isPullCompleted;

        // Used by the holder only.
        private bool _isPulling;
        private bool _hasEnded;

        public override int? CountHint => inner.CountHint;

        public override long Pulled => inner.Pulled;

        public override bool TracksItems => inner.TracksItems;

        protected override T Current => throw new NotSupportedException("Take returns the item.");

        public override T Take(out long index)
        {
            (index, var item) = keys._next!.Value;
            keys._next = null;
            return item;
        }

        public override void OnItemEnded() => inner.OnItemEnded();

        public override ValueTask<bool> MoveNextAsync(CancellationToken runToken)
        {
            keys._context ??= ExecutionContext.Capture(); // The worker restored the caller's.
            keys._stop ??= CancellationTokenSource.CreateLinkedTokenSource(runToken);
            return NextAsync();
        }

        /// <summary>Moves the source to its next item.</summary>
        void IThreadPoolWorkItem.Execute() => ExecutionContext.Run(
            keys._context!, static source => _ = ((Source)source!).PullAsync(), this);

        public override async ValueTask DisposeAsync()
        {
            keys.Stop();
            try
            {
                if (keys._stop is { } stop)
                {
                    await AsyncEnvironment.CancelAsync(stop).NoContext();
                }
            }
            finally
            {
                try
                {
                    await UntilQuietAsync().NoContext();
                    await keys.DisposeLimitersAsync().NoContext(); // Before the failure of the source is thrown.
                    ThrowIfPullFailed();
                }
                finally
                {
                    keys._stop?.Dispose();
                    await inner.DisposeAsync().NoContext();
                }
            }
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<bool> NextAsync()
        {
            while (true)
            {
                var seen = Volatile.Read(ref keys._changes); // Before the checks, so that no change is missed.
                if (keys.TryTakeReady(out var index, out var item))
                {
                    keys._next = (index, item);
                    return true;
                }

                if (keys.MustStop || (_hasEnded && keys.ParkedCount == 0))
                {
                    return false;
                }

                if (_isPullCompleted)
                {
                    await AcceptAsync().NoContext();
                    continue;
                }

                if (!_isPulling && !_hasEnded && keys.CanPark)
                {
                    _isPulling = true;
                    AsyncEnvironment.Queue(this);
                }

                await keys.UntilChangeAsync(seen).NoContext();
            }
        }

        private async Task PullAsync()
        {
            try
            {
                _hasPulled = await inner.MoveNextAsync(keys._stop!.Token).NoContext();
            }
            catch (Exception exception)
            {
                _pullFailure = exception;
            }

            _isPullCompleted = true; // Publishes the outcome.
            keys.WakeHolder();
        }

        /// <summary>Parks the item that the source was moved to.</summary>
        private async ValueTask AcceptAsync()
        {
            (_isPulling, _isPullCompleted) = (false, false);
            ThrowIfPullFailed();
            _hasEnded = !_hasPulled;
            if (_hasEnded)
            {
                return;
            }

            CallerContext.Restore(keys._context!, keys._home);
            var item = inner.Take(out var index);
            CallerContext.Restore(keys._context!, keys._home);
            var queue = keys.Offer(index, item);
            if (queue.Limiter is null)
            {
                CallerContext.Restore(keys._context!, keys._home);
                queue.Limiter = keys.CreateLimiter(queue.Key);
            }

            if (keys.MustStop)
            {
                return; // User code may have cancelled the run. The item is still offered.
            }

            lock (keys.Lock)
            {
                keys.Park(queue, index, item);
            }

            CallerContext.Restore(keys._context!, keys._home);
            keys.Request(queue);
            while (keys._discarded.TryDequeue(out var limiter))
            {
                await limiter.DisposeAsync().NoContext();
            }
        }

        private void ThrowIfPullFailed()
        {
            if (_pullFailure is { } failure)
            {
                _pullFailure = null;
                _hasEnded = true;
                ExceptionDispatchInfo.Throw(failure);
            }
        }

        /// <summary>Waits for the move of the source and for the requested permits, all of which are
        /// cancelled.</summary>
        private async Task UntilQuietAsync()
        {
            var seen = Volatile.Read(ref keys._changes);
            while ((_isPulling && !_isPullCompleted) || keys.HasRequests)
            {
                await keys.UntilChangeAsync(seen).NoContext();
                seen = Volatile.Read(ref keys._changes);
            }

            if (_pullFailure is { } failure && Cancellation.Is(failure))
            {
                _pullFailure = null; // The source was cancelled.
            }
        }
    }
}
