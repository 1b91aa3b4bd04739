namespace AsyncKit.Tests;

/// <summary>Opens the resources of the workers of one run and records each violation of their contract.</summary>
internal sealed class WorkerProbe
{
    private readonly List<string> _violations = [];
    private readonly Lock _lock = new();

    public int Opened { get; private set; }

    public int Disposed { get; private set; }

    public int Alive => Opened - Disposed;

    public int PeakAlive { get; private set; }

    /// <summary>The number of operations that started.</summary>
    public int Used { get; private set; }

    /// <summary>Awaited before a resource is opened. It may throw.</summary>
    public Func<CancellationToken, Task>? BeforeOpen { get; init; }

    /// <summary>Awaited before a resource is disposed.</summary>
    public Func<Task>? BeforeDispose { get; init; }

    /// <summary>Returns the exception of disposing a resource; null for none.</summary>
    public Func<Resource, Exception?>? DisposeFault { get; init; }

    public async Task<Resource> OpenAsync(CancellationToken cancellationToken)
    {
        await (BeforeOpen?.Invoke(cancellationToken) ?? Task.CompletedTask);
        lock (_lock)
        {
            Opened++;
            PeakAlive = Math.Max(PeakAlive, Alive);
        }

        return new Resource(this);
    }

    /// <summary>Returns an operation that uses the resource while it runs.</summary>
    public static Func<Resource, T, CancellationToken, ValueTask<TResult>> Use<T, TResult>(
        Func<T, CancellationToken, ValueTask<TResult>> operation) => async (resource, item, token) =>
        {
            resource.Enter();
            var hasSucceeded = false;
            try
            {
                var result = await operation(item, token);
                hasSucceeded = true;
                return result;
            }
            finally
            {
                resource.Leave(hasSucceeded);
            }
        };

    /// <inheritdoc cref="Use{T, TResult}"/>
    public static Func<Resource, T, CancellationToken, ValueTask> Use<T>(Func<T, CancellationToken, ValueTask> operation)
    {
        var use = Use<T, int>(async (item, token) =>
        {
            await operation(item, token);
            return 0;
        });
        return async (resource, item, token) => _ = await use(resource, item, token);
    }

    /// <summary>Fails if the run violated the contract or left a resource open. Called after the run.</summary>
    public void Check(int limit)
    {
        lock (_lock)
        {
            Assert.Empty(_violations);
            Assert.Equal(Opened, Disposed);
            Assert.InRange(PeakAlive, 0, limit);
        }
    }

    private void Violated(string rule)
    {
        lock (_lock)
        {
            _violations.Add(rule);
        }
    }

    internal sealed class Resource(WorkerProbe probe) : IAsyncDisposable, IDisposable
    {
        private int _users;
        private volatile bool _hasFailed;
        private int _disposals;

        public bool HasFailed => _hasFailed;

        public void Enter()
        {
            lock (probe._lock)
            {
                probe.Used++;
            }

            Check(Interlocked.Increment(ref _users) == 1, "Two operations used a resource at once.");
            Check(!_hasFailed, "A resource was reused after a failure.");
            Check(_disposals == 0, "A resource was used after it was disposed.");
        }

        public void Leave(bool hasSucceeded)
        {
            Check(_disposals == 0, "A resource was disposed during an operation.");
            _hasFailed |= !hasSucceeded;
            Interlocked.Decrement(ref _users);
        }

        public async ValueTask DisposeAsync()
        {
            Check(Interlocked.Increment(ref _disposals) == 1, "A resource was disposed twice.");
            await (probe.BeforeDispose?.Invoke() ?? Task.CompletedTask);
            await Task.Yield();
            lock (probe._lock)
            {
                probe.Disposed++;
            }

            if (probe.DisposeFault?.Invoke(this) is { } fault)
            {
                throw fault;
            }
        }

        public void Dispose() => probe.Violated("A resource with DisposeAsync was disposed synchronously.");

        private void Check(bool holds, string rule)
        {
            if (!holds)
            {
                probe.Violated(rule);
            }
        }
    }
}

/// <summary>Passes the probe of the next run from a test to its subject.</summary>
internal sealed class WorkerProbes
{
    public WorkerProbe? Next { get; set; }

    public static WorkerProbe Take(WorkerProbes? probes)
    {
        var probe = probes?.Next ?? new WorkerProbe();
        if (probes is not null)
        {
            probes.Next = null;
        }

        return probe;
    }
}
