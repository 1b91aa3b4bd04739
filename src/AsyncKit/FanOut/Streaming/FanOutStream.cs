using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace AsyncKit;

/// <summary>A run for each enumeration, which begins when the first item is asked for.</summary>
internal sealed class FanOutStream<T, TResult, TValue>(
    Func<PulledSource<T>> open,
    Operation<T, TResult> operation,
    FanOutOptions options,
    Func<OrderedRingBuffer<TValue>, FanOutSink<T, TResult>> createSink,
    FanOutStreamEnd end,
    CancellationToken callerToken) : IAsyncEnumerable<TValue>
{
    public IAsyncEnumerator<TValue> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new Reader(this, cancellationToken);

    private sealed class Reader(
        FanOutStream<T, TResult, TValue> stream, CancellationToken readersToken) : IAsyncEnumerator<TValue>
    {
        private OrderedRingBuffer<TValue> _handOver = null!; // From the start on.
        private FanOutRun<T, TResult>? _run;
        private Task? _ending;
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
                var token = Start();
                if (_isOver)
                {
                    return ValueTask.FromCanceled<bool>(token);
                }
            }
            else if (_hasCurrent)
            {
                _hasCurrent = false;
                _current = default!;
                _handOver.MoveOn();
            }

            return TryRead() ? new ValueTask<bool>(true) : WaitAsync();
        }

        public ValueTask DisposeAsync()
        {
            if (_run is not null && !_isOver)
            {
                return LeaveAsync();
            }

            _isOver = true; // Also when it never began: what is disposed does not begin any more.
            _linked?.Dispose();
            return default;
        }

        private CancellationToken Start()
        {
            var token = Link();
            if (token.IsCancellationRequested)
            {
                _isOver = true;
                return ReportedToken();
            }

            _handOver = new(stream.Lookahead);
            var source = new LookaheadSource<T, TValue>(stream.Open(), _handOver);
            _run = stream.CreateRun(source, _handOver, token);
            _run.Failures.ReportedToken = ReportedToken;
            _ending = EndAsync(_run.RunAsync());
            return token;
        }

        private CancellationToken Link()
        {
            if (!readersToken.CanBeCanceled || readersToken == stream.CallerToken)
            {
                return stream.CallerToken;
            }

            if (!stream.CallerToken.CanBeCanceled)
            {
                return readersToken;
            }

            _linked = CancellationTokenSource.CreateLinkedTokenSource(stream.CallerToken, readersToken);
            return _linked.Token;
        }

        private CancellationToken ReportedToken() =>
            stream.CallerToken.IsCancellationRequested || !readersToken.IsCancellationRequested
                ? stream.CallerToken
                : readersToken;

        private async Task EndAsync(Task run)
        {
            try
            {
                await run.NoContext();
            }
            finally
            {
                _handOver.End(); // Told by whoever reads to the end.
            }
        }

        private bool TryRead() => _hasCurrent = _handOver.TryRead(out _current);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<bool> WaitAsync()
        {
            while (true)
            {
                await _handOver.UntilReadableAsync().NoContext();
                var hasEnded = _handOver.HasEnded; // Before the look: what was put last came before the end.
                if (TryRead())
                {
                    return true;
                }

                if (hasEnded)
                {
                    break;
                }
            }

            _isOver = true;
            await TellAsync().NoContext();
            return false;
        }

        private async Task TellAsync()
        {
            try
            {
                await _ending!.NoContext();
            }
            catch when (stream.End == FanOutStreamEnd.AllErrors)
            {
                throw;
            }
            catch (Exception exception)
            {
                // The items have told their own: what is left is the cancellation, with what failed after it, and the
                // source.
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

        private async ValueTask LeaveAsync()
        {
            _isOver = true;
            _run!.Abandon();
            try
            {
                await _ending!.NoContext();
            }
            catch (Exception)
            {
                // Whoever leaves early does not want to know.
            }

            _linked?.Dispose();
        }
    }

    private int Lookahead => options.LookaheadOrDefault;

    private FanOutStreamEnd End => end;

    private CancellationToken CallerToken => callerToken;

    private PulledSource<T> Open() => open();

    private FanOutRun<T, TResult> CreateRun(
        PulledSource<T> source, OrderedRingBuffer<TValue> handOver, CancellationToken token) =>
        new(null, source, operation, options, token, createSink(handOver));
}
