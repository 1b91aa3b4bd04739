namespace AsyncKit;

/// <summary>Counts the items that cancelled fan-outs took and did not complete, for a shutdown around them.</summary>
/// <param name="start">The token after whose cancellation the items count.</param>
/// <remarks>The count follows the flow of execution, so it also includes a fan-out whose exception user code
/// caught.</remarks>
internal sealed class UnfinishedWork(CancellationToken start)
{
    private static readonly AsyncLocal<UnfinishedWork?> Ambient = new();

    private long _items;

    public long Items => Volatile.Read(ref _items);

    /// <summary>Counts the items of the fan-outs that the calling async method starts from now on.</summary>
    public void Observe() => Ambient.Value = this;

    /// <summary>Reports the items of a cancelled run, in the context of its caller.</summary>
    public static void Report(long items)
    {
        if (items > 0 && Ambient.Value is { } observer && observer.IsCounting)
        {
            Interlocked.Add(ref observer._items, items);
        }
    }

    private bool IsCounting => start.IsCancellationRequested;
}
