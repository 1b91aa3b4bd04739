using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary> Blocking calls that find 10,000 files of 16 KB in a tree and add up their bytes, and the delay of
/// unrelated thread-pool work. The files are in the page cache.
/// </summary>
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(5)]
public class OffloadFiles
{
    private const int Folders = 100;
    private const int FilesPerFolder = 100;
    private const int Bytes = 16 * 1024;
    private const int Threads = 4;

    /// <summary>More than the threads of the lane, so a file is always queued for each thread.</summary>
    private readonly FanOutOptions _options = new() { MaxConcurrency = 4 * Threads };

    private readonly string _root = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private PoolLimit _limit = null!;
    private BlockingLane _lane = null!;
    private Probe _probe = null!;
    private string _method = "";
    private long _sum;

    [GlobalSetup]
    public void Setup()
    {
        _limit = PoolLimit.Lift();
        _lane = new BlockingLane(new BlockingLaneOptions { Name = "files", MaxThreads = Threads });
        var bytes = new byte[Bytes];
        Array.Fill(bytes, (byte)1);
        for (var folder = 0; folder < Folders; folder++)
        {
            var path = Directory.CreateDirectory(Path.Combine(_root, $"{folder}")).FullName;
            for (var file = 0; file < FilesPerFolder; file++)
            {
                File.WriteAllBytes(Path.Combine(path, $"{file}"), bytes);
            }
        }
    }

    [IterationSetup]
    public void Watch() => _probe = PoolP99.Watch();

    [Benchmark(Baseline = true)]
    public void Sequential()
    {
        _method = nameof(Sequential);
        _sum = Files().Sum(SumOf);
    }

    [Benchmark]
    public async Task TaskRun()
    {
        _method = nameof(TaskRun);
        _sum = (await Task.WhenAll(Files().Select(file => Task.Run(() => SumOf(file))))).Sum();
    }

    [Target("10,000 files, found and read on a lane", Against = nameof(Sequential), TimeRatio = 1, PoolP99Milliseconds = 10)]
    [Benchmark]
    public async Task AsyncKit()
    {
        _method = nameof(AsyncKit);
        _sum = (await _lane.Enumerate(Files()).FanOutBlockingAsync(_lane, _options, (file, _) => SumOf(file))).Sum();
    }

    [IterationCleanup]
    public void Note()
    {
        PoolP99.Note(typeof(OffloadFiles), _method, _probe.Stop());
        _probe.Dispose();
        if (_sum != Folders * FilesPerFolder * (long)Bytes)
        {
            throw new InvalidOperationException($"The bytes add up to {_sum}.");
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _lane.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _limit.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static long SumOf(string file)
    {
        long sum = 0;
        foreach (var one in File.ReadAllBytes(file))
        {
            sum += one;
        }

        return sum;
    }

    private IEnumerable<string> Files() => Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories);
}
