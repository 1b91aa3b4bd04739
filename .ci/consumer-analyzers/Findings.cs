using AsyncKit;

// Every method has the fault of one rule; .ci/pack-and-consume reads what the compiler says.
public static class Findings
{
    public static Task<string[]> IgnoresItsToken(HttpClient client, Uri[] uris, CancellationToken ct) =>
        uris.FanOutAsync(8, async (uri, token) => await client.GetStringAsync(uri, ct), ct);

    public static async Task<List<string>> SharesUnsafeState(HttpClient client, Uri[] uris)
    {
        List<string> pages = [];
        await uris.FanOutAsync(8, async (uri, token) => { pages.Add(await client.GetStringAsync(uri, token)); });
        return pages;
    }

    public static async Task ReleasesAnUnacquiredPermit(SemaphoreSlim semaphore, CancellationToken ct)
    {
        try
        {
            await semaphore.WaitAsync(ct);
        }
        finally
        {
            semaphore.Release();
        }
    }

    public static async Task RunsAsyncWorkOnALane(HttpClient client) =>
        await Offload.RunAsync(() => client.GetStringAsync("https://example.org"));

    public static async Task LeavesItsScopeUnjoined(HttpClient client, Uri uri)
    {
        await using var scope = TaskScope.Open();
        scope.Run(token => client.GetStringAsync(uri, token));
    }

    public static async Task ReleasesNoLease(AsyncLock mutex) => await mutex.AcquireAsync();
}
