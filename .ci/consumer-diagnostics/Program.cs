using AsyncKit;
using AsyncKit.Diagnostics;

// A slow prefix needs the hook in AsyncKit, a starvation the diagnostics port of the runtime.
var prefix = new TaskCompletionSource<long?>();
var starvation = new TaskCompletionSource<string?>();
await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
{
    OnBlocking = finding =>
    {
        if (finding.Kind == BlockingKind.SlowPrefix)
        {
            prefix.TrySetResult(finding.Index);
        }
        else if (finding.Kind == BlockingKind.PoolStarvation)
        {
            starvation.TrySetResult(finding.StackTrace);
        }
    },
});

await new[] { 0, 200 }.FanOutAsync(2, (milliseconds, cancellationToken) =>
{
    Thread.Sleep(milliseconds);
    return ValueTask.CompletedTask;
});
Console.Write($"{BlockingKind.SlowPrefix} of item {await prefix.Task}, ");

for (var item = 0; item < 1000; item++)
{
    _ = Task.Run(Sleep);
}

Console.WriteLine($"{BlockingKind.PoolStarvation} in Sleep: {(await starvation.Task)?.Contains("Sleep") == true}");

void Sleep()
{
    while (!starvation.Task.IsCompleted)
    {
        Thread.Sleep(10);
    }
}
