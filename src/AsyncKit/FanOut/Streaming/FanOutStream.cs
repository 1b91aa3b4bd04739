using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace AsyncKit;

/// <summary>An async sequence whose every enumeration is a separate run, which starts when the first item is
/// requested.</summary>
internal sealed class FanOutStream<T, TResult, TValue>(
    Func<PulledSource<T>> open,
    Operation<T, TResult> operation,
    FanOutOptions options,
    Func<OrderedRingBuffer<TValue>, FanOutSink<T, TResult>> createSink,
    bool throwsItemFailures,
    CancellationToken callerToken) : IAsyncEnumerable<TValue>
{
    private CancellationToken CallerToken => callerToken;

    private bool ThrowsItemFailures => throwsItemFailures;

    public IAsyncEnumerator<TValue> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new Reader(this, cancellationToken);

    private InvalidOperationException? Refusal() => GateNesting.Refusal(options.Gate);

    private FanOutRun<T, TResult> CreateRun(CancellationToken token, out OrderedRingBuffer<TValue> buffer)
    {
        buffer = new(options.LookaheadOrDefault);
        var source = new LookaheadSource<T, TValue>(open(), buffer);
        return new(null, source, operation, options, token, createSink(buffer));
    }

    /// <summary>Reads the values of one run.</summary>
    /// <remarks>
    /// Lifetime: one for each enumeration. Like any enumerator it is used by one thread at a time.
    /// <para>
    /// Invariants:
    /// (1) The run starts in the first <see cref="MoveNextAsync"/>, unless a token is cancelled or the reader was
    /// disposed.
    /// (2) When the reader is over, the run has completed or never started; only <see cref="StopAsync"/> sets the flag
    /// before it awaits the run.
    /// </para>
    /// </remarks>
    private sealed class Reader(
        FanOutStream<T, TResult, TValue> stream, CancellationToken readerToken) : IAsyncEnumerator<TValue>
    {
        private OrderedRingBuffer<TValue> _buffer = null!; // Set together with the run.
        private FanOutRun<T, TResult>? _run;
        private Task? _completion;
        private CancellationTokenSource? _linked;
        private TValue _current = default!;
        private bool _hasCurrent;
        private bool _isOver;

        public TValue Current => _current;

        public ValueTask<bool> MoveNextAsync()
        {
            if (_isOver)
            {
                return new ValueTask<bool>(false);
            }

            if (_run is null)
            {
                var token = Link();
                if (token.IsCancellationRequested)
                {
                    _isOver = true;
                    return ValueTask.FromCanceled<bool>(ReportedToken());
                }

                if (stream.Refusal() is { } refusal)
                {
                    _isOver = true;
                    return ValueTask.FromException<bool>(refusal);
                }

                _run = stream.CreateRun(token, out _buffer);
                _run.Failures.ReportedToken = ReportedToken;
                _completion = EndAfterAsync(_run.RunAsync());
            }
            else if (_hasCurrent)
            {
                _hasCurrent = false;
                _current = default!;
                _buffer.Advance();
                _run.OnItemRead();
            }

            return TryRead() ? new ValueTask<bool>(true) : WaitAsync();
        }

        public ValueTask DisposeAsync()
        {
            if (_run is not null && !_isOver)
            {
                return StopAsync();
            }

            _isOver = true; // Even if the run never started: a disposed reader must not start it.
            _linked?.Dispose();
            return default;
        }

        private CancellationToken Link()
        {
            if (!readerToken.CanBeCanceled || readerToken == stream.CallerToken)
            {
                return stream.CallerToken;
            }

            if (!stream.CallerToken.CanBeCanceled)
            {
                return readerToken;
            }

            _linked = CancellationTokenSource.CreateLinkedTokenSource(stream.CallerToken, readerToken);
            return _linked.Token;
        }

        private CancellationToken ReportedToken() =>
            stream.CallerToken.IsCancellationRequested || !readerToken.IsCancellationRequested
                ? stream.CallerToken
                : readerToken;

        private async Task EndAfterAsync(Task run)
        {
            try
            {
                await run.NoContext();
            }
            finally
            {
                _buffer.End(); // The reader throws the run's exception after the last value.
            }
        }

        private bool TryRead() => _hasCurrent = _buffer.TryRead(out _current);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<bool> WaitAsync()
        {
            bool hasEnded;
            do
            {
                await _buffer.UntilReadableAsync().NoContext();
                hasEnded = _buffer.HasEnded; // Before the read: the last value is put before the end.
                if (TryRead())
                {
                    return true;
                }
            }
            while (!hasEnded);

            _isOver = true;
            await ThrowFailuresAsync().NoContext();
            return false;
        }

        private async Task ThrowFailuresAsync()
        {
            try
            {
                await _completion!.NoContext();
            }
            catch (Exception exception) when (!stream.ThrowsItemFailures)
            {
                // The outcomes contain the failures of the items. The cancellation remains, with the failures after
                // it, and the failure of the source.
                if (exception is OperationCanceledException && _run!.Failures.IsCancelled)
                {
                    throw;
                }

                if (_run!.Failures.RunFailure() is { } failure)
                {
                    ExceptionDispatchInfo.Throw(failure);
                }
            }
        }

        private async ValueTask StopAsync()
        {
            _isOver = true;
            _run!.Abandon();
            try
            {
                await _completion!.NoContext();
            }
            catch (Exception)
            {
                // A reader that stops early is not interested in failures.
            }

            _linked?.Dispose();
        }
    }
}
