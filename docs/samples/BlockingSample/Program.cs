using AsyncKit;
using AsyncKit.Diagnostics;
using BlockingSample;

// Blocks on purpose, in one of the usual ways, until the detector reports it. "injected" is "sleep", found by the threads
// that the runtime adds; "clean" does not block, so nothing is reported.
const string Usage = """
    Blocks on purpose, until the detector of AsyncKit.Diagnostics reports it. Pass one of:
      result    reads Task.Result on a thread of the thread pool
      wait      calls Task.Wait() there
      starve    1,000 times Task.Result, so that the thread pool starves
      sleep     1,000 sleeps, so that the thread pool starves
      injected  the same, found by the threads that the runtime adds
      prefix    an item of a fan-out that sleeps before its first await
      clean     200 pages fetched without blocking: nothing is reported
    """;
if (args.Length == 0)
{
    Console.WriteLine(Usage);
    return 0;
}

var found = new TaskCompletionSource<string>();
var expected = args switch
{
    ["result" or "wait"] => BlockingKind.SynchronousWait,
    ["starve" or "sleep" or "injected"] => BlockingKind.PoolStarvation,
    ["prefix"] => BlockingKind.SlowPrefix,
    ["clean"] => (BlockingKind?)null,
    _ => throw new ArgumentException(Usage, nameof(args)),
};
if (expected is null)
{
    return await CleanFetch.RunAsync(Report);
}

var options = new BlockingDetectorOptions { OnBlocking = Report };
await using var detector = BlockingDetector.Start(
    args is ["injected"] ? options with { PoolLatencyThreshold = TimeSpan.FromHours(1) } : options);
switch (args[0])
{
    case "result":
        _ = Task.Run(() => Planted.ReadsResult(found.Task));
        break;
    case "wait":
        _ = Task.Run(() => Planted.Waits(found.Task));
        break;
    case "starve":
        Planted.StarvesByResult(found.Task);
        break;
    case "sleep" or "injected":
        Planted.StarvesBySleep(found.Task);
        break;
    default:
        await Planted.HasSlowPrefixAsync(found.Task);
        break;
}

Console.WriteLine(await found.Task);
return 0;

void Report(BlockingFinding finding)
{
    if (expected is null)
    {
        Console.WriteLine($"{finding.Kind}: {finding}\n{finding.StackTrace}");
    }
    else if (finding.Kind == expected)
    {
        found.TrySetResult($"{finding.Kind}: {finding}\n{finding.StackTrace}");
    }
}
