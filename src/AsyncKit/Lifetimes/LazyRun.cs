namespace AsyncKit;

/// <summary>One run of a lazy value's factory. Its fields change under the lock of the lazy value.</summary>
#pragma warning disable CA1001 // Disposed when the last hold goes.
internal sealed class LazyRun
#pragma warning restore CA1001
{
    private volatile bool _hasEnded;

    public LazyRun() => Token = Source.Token;

    public CancellationTokenSource Source { get; } = new();

    public CancellationToken Token { get; }

    /// <summary>One for the factory, one while the token is being cancelled.</summary>
    public int Holds { get; set; } = 1;

    /// <summary>The factory has ended; the run may still have a hold.</summary>
    public bool HasEnded
    {
        get => _hasEnded;
        set => _hasEnded = value;
    }

    /// <summary>Its last waiter has left, so its token is cancelled and nobody can join it any more.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>What it makes is not kept.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Changed under the lock of <see cref="LazyNode"/>.</summary>
    public List<LazyNode> WaitsFor { get; } = [];
}
