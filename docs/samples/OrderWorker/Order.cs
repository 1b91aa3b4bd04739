namespace OrderWorker;

/// <summary>An order, and a task that completes when it is stored.</summary>
internal sealed record Order(int Id)
{
    private readonly TaskCompletionSource _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Stored => _stored.Task;

    public void SetStored() => _stored.TrySetResult();
}
