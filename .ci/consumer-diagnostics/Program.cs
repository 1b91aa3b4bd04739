using AsyncKit;
using AsyncKit.Diagnostics;

// A slow prefix needs the hook in AsyncKit, a starvation the diagnostics port of the runtime. On a busy machine other items
// may be slow, and the first starvation may have another cause; so only the planted ones count.
var prefix = new TaskCompletionSource<long?>();
var starvation = new TaskCompletionSource<string>();
await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
{
    ReportInterval = TimeSpan.Zero,
    OnBlocking = finding =>
    {
        if (finding is { Kind: BlockingKind.SlowPrefix, Index: 1 })
        {
            prefix.TrySetResult(finding.Index);
        }
        else if (finding.Kind == BlockingKind.PoolStarvation && finding.StackTrace?.Contains(nameof(BlocksAThread)) == true)
        {
            starvation.TrySetResult(nameof(BlocksAThread));
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
    _ = Task.Run(BlocksAThread);
}

Console.WriteLine($"{BlockingKind.PoolStarvation} in {await starvation.Task}");

void BlocksAThread()
{
    while (!starvation.Task.IsCompleted)
    {
        Thread.Sleep(10);
    }
}
