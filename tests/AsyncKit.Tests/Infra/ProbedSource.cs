using System.Collections;

namespace AsyncKit.Tests;

/// <summary>
/// A source that records its use: the number of enumerations, the maximum of concurrent MoveNext calls, disposal during
/// a MoveNext, and the threads. Each of its members can fail or wait.
/// </summary>
internal sealed class ProbedSource(int count) : IEnumerable<int>
{
    private readonly int _count = count;
    private int _inMoveNext;
    private int _pulled;

    public SourceFault Fault { get; init; }

    /// <summary>The first item for which <see cref="SourceFault.MoveNext"/> or <see cref="SourceFault.Current"/>
    /// throws.</summary>
    public int FaultAt { get; init; }

    /// <summary>Called in each MoveNext with the number of items pulled so far.</summary>
    public Action<int>? OnMoveNext { get; init; }

    /// <summary>Awaited in each MoveNextAsync. The synchronous enumerator ignores it.</summary>
    public Func<int, CancellationToken, Task>? OnMoveNextAsync { get; init; }

    /// <summary>Called in Dispose.</summary>
    public Action? OnDispose { get; init; }

    public int Enumerated { get; private set; }

    public int Disposed { get; private set; }

    public int PeakMoveNext { get; private set; }

    public bool DisposedWhileMoving { get; private set; }

    public int Pulled => Volatile.Read(ref _pulled);

    public HashSet<int> Threads { get; } = [];

    public IAsyncEnumerable<int> AsAsync() => new AsyncView(this);

    public IEnumerator<int> GetEnumerator() => new Enumerator(this, default);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Touch()
    {
        lock (Threads)
        {
            Threads.Add(Environment.CurrentManagedThreadId);
        }
    }

    private void ThrowIf(bool faulty)
    {
        if (faulty)
        {
            throw new SourceFaultException(Fault.ToString());
        }
    }

    private sealed class AsyncView(ProbedSource source) : IAsyncEnumerable<int>
    {
        public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            new Enumerator(source, cancellationToken);
    }

    private sealed class Enumerator : IEnumerator<int>, IAsyncEnumerator<int>
    {
        private readonly ProbedSource _source;
        private readonly CancellationToken _cancellationToken;
        private int _current = -1;

        public Enumerator(ProbedSource source, CancellationToken cancellationToken)
        {
            _source = source;
            _cancellationToken = cancellationToken;
            source.Touch();
            source.Enumerated++;
            source.ThrowIf(source.Fault == SourceFault.GetEnumerator);
        }

        public int Current
        {
            get
            {
                _source.Touch();
                _source.ThrowIf(_source.Fault == SourceFault.Current && _current >= _source.FaultAt);
                return _current;
            }
        }

        object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            Enter();
            try
            {
                return Move();
            }
            finally
            {
                Leave();
            }
        }

        public async ValueTask<bool> MoveNextAsync()
        {
            Enter();
            try
            {
                if (_source.OnMoveNextAsync is { } wait)
                {
                    await wait(_current + 1, _cancellationToken);
                }

                return Move();
            }
            finally
            {
                Leave();
            }
        }

        public void Dispose()
        {
            _source.Touch();
            _source.Disposed++;
            _source.DisposedWhileMoving |= Volatile.Read(ref _source._inMoveNext) != 0;
            _source.OnDispose?.Invoke();
            _source.ThrowIf(_source.Fault == SourceFault.Dispose);
        }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Dispose();
        }

        public void Reset() => throw new NotSupportedException();

        private void Enter()
        {
            _source.Touch();
            var inside = Interlocked.Increment(ref _source._inMoveNext);
            _source.PeakMoveNext = Math.Max(_source.PeakMoveNext, inside);
        }

        private void Leave() => Interlocked.Decrement(ref _source._inMoveNext);

        private bool Move()
        {
            _source.OnMoveNext?.Invoke(_current + 1);
            _current++;
            _source.ThrowIf(_source.Fault == SourceFault.MoveNext && _current >= _source.FaultAt);
            if (_current >= _source._count)
            {
                return false;
            }

            Interlocked.Increment(ref _source._pulled);
            return true;
        }
    }
}
