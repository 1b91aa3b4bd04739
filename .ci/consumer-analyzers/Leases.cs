using AsyncKit;

public static class Leases
{
    public static async Task EnterAsync(AsyncLock mutex, CancellationToken cancellationToken)
    {
        await mutex.AcquireAsync(cancellationToken);
    }
}
