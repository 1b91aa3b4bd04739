using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>The token of a read that probably does not wait. The caller's token and a timer are connected to it only if
/// the read does wait. To register both costs more than a read of bytes that have already arrived.</summary>
/// <remarks>
/// Lifetime: rented for one read. A read that completes at once returns it.
/// Invariant: an instance in the slot of a thread was never cancelled, and no read uses it.
/// </remarks>
#pragma warning disable CA1001 // The source has neither a timer nor a link, so there is nothing to dispose.
internal sealed class ReadTokenSource
#pragma warning restore CA1001
{
    [ThreadStatic]
    private static ReadTokenSource? _latest;

    private readonly CancellationTokenSource _source = new();

    private ReadTokenSource()
    {
    }

    public CancellationToken Token => _source.Token;

    public static ReadTokenSource Rent()
    {
        var latest = _latest ?? new();
        _latest = null;
        return latest;
    }

    /// <summary>Keeps the instance for the next read of this thread.</summary>
    public void Return()
    {
        if (_source.TryReset())
        {
            _latest = this;
        }
    }

    /// <summary>Waits for a read with this token, which <paramref name="token"/> cancels from now on.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> AwaitAsync(ValueTask<int> read, CancellationToken token)
    {
        var registration = token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        try
        {
            return await read.NoContext();
        }
        catch (OperationCanceledException exception) when (token.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, token);
        }
        finally
        {
            _ = registration.Unregister(); // Does not wait: this may run inside the callback.
        }
    }
}
