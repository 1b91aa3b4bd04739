using AsyncKit;
using AsyncKit.Diagnostics;
using BlockingSample;

// Blocks on purpose, in one of the usual ways, until the detector reports it. "injected" is "sleep", found by the threads
// that the runtime adds; "clean" does not block, so nothing is reported.
const string Usage = """
    Blocks on purpose, until the detector of AsyncKit.Diagnostics reports it. Pass one of:
      web       a web service: blocking calls, the log of the detector, and the time of a ping meanwhile
      web-lane  the same service with the same calls on a lane
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

if (args is ["web" or "web-lane"])
{
    return await WebStory.RunAsync(args is ["web"] ? "/orders" : "/orders-on-lane");
}

if (args is ["clean"])
{
    return await CleanFetch.RunAsync(finding => Console.WriteLine(Text(finding)));
}

// The first starvation of a busy machine may have another cause, so the name must be in the finding.
var found = new TaskCompletionSource<string>();
var (kind, name) = args switch
{
    ["result"] => (BlockingKind.SynchronousWait, "Planted.ReadsResult"),
    ["wait"] => (BlockingKind.SynchronousWait, "Planted.Waits"),
    ["starve"] => (BlockingKind.PoolStarvation, "Planted.ReadsResult"),
    ["sleep" or "injected"] => (BlockingKind.PoolStarvation, "Planted.Sleeps"),
    ["prefix"] => (BlockingKind.SlowPrefix, "Item 1"),
    _ => throw new ArgumentException(Usage, nameof(args)),
};
var hasNames = Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") is not "0";
var options = new BlockingDetectorOptions { OnBlocking = Report, ReportInterval = TimeSpan.Zero };
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
    if (finding.Kind == kind && (!hasNames || Text(finding).Contains(name, StringComparison.Ordinal)))
    {
        found.TrySetResult(Text(finding));
    }
}

static string Text(BlockingFinding finding) => $"{finding.Kind}: {finding}\n{finding.StackTrace}";
