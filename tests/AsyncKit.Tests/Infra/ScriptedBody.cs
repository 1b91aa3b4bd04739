namespace AsyncKit.Tests;

/// <summary>An operation whose script decides the behaviour for each item, and which records its calls.</summary>
internal sealed class ScriptedBody(IReadOnlyList<Outcome> script)
{
    private int _running;

    public int Running => Volatile.Read(ref _running);

    public int Peak { get; private set; }

    public List<int> Started { get; } = [];

    /// <summary>True if the item fails when it runs to completion.</summary>
    public static bool Fails(Outcome outcome) => outcome is Outcome.ThrowBeforeAwait or Outcome.ThrowAfterYields
        or Outcome.ThrowForeignCancellation or Outcome.ReturnNull;

    public Task<int> RunAsync(int item, CancellationToken cancellationToken)
    {
        lock (Started)
        {
            Started.Add(item);
            Peak = Math.Max(Peak, Interlocked.Increment(ref _running));
        }

        switch (script[item])
        {
            case Outcome.ThrowBeforeAwait:
                Interlocked.Decrement(ref _running);
                throw new InvalidOperationException("item " + item);
            case Outcome.ReturnNull:
                Interlocked.Decrement(ref _running);
#pragma warning disable MA0022, VSTHRD114 // Imitates a faulty operation of a user.
                return null!;
#pragma warning restore MA0022, VSTHRD114
            case Outcome.Succeed:
                Interlocked.Decrement(ref _running);
                return Task.FromResult(item);
            default:
                return EndAsync(item, cancellationToken);
        }
    }

    private async Task<int> EndAsync(int item, CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; i <= item % 3; i++)
            {
                await Task.Yield();
            }

            switch (script[item])
            {
                case Outcome.ThrowAfterYields:
                    throw new InvalidOperationException("item " + item);
                case Outcome.ThrowForeignCancellation:
                    throw new OperationCanceledException("item " + item, new CancellationToken(canceled: true));
                case Outcome.WaitForToken:
                    await new TestGate().PassAsync(cancellationToken);
                    break;
                case Outcome.SucceedAfterYields:
                    cancellationToken.ThrowIfCancellationRequested();
                    break;
            }

            return item;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
