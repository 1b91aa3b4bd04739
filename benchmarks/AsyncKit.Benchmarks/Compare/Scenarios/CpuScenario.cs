using System.Globalization;
using System.Security.Cryptography;

namespace AsyncKit.Benchmarks;

/// <summary>Hashes blocks of memory, work that needs only the processor.</summary>
internal sealed class CpuScenario(string[] names, int limit) : Scenario
{
    private const int Seed = 20_260_303;
    private const int BlockBytes = 32 * 1024 * 1024;

    /// <summary>The content of every block after its name. The blocks share it, so memory holds it once.</summary>
    private static readonly Lazy<byte[]> Block = new(() =>
    {
        var block = new byte[BlockBytes];
        new Random(Seed).NextBytes(block);
        return block;
    });

    private Fetched[] _hashes = [];

    public static ScenarioKind Kind { get; } = new()
    {
        Name = "cpu",
        DefaultItems = 64,
        QuickItems = 8,
        Things = "blocks",
        Work = "Compute SHA-256 of blocks of 32 MB in memory. Nothing waits here, so there is nothing that async could do "
            + "meanwhile: it is threads that help, one for each core. Use Parallel.ForEach for such work, not a fan-out.",
        Variants =
        [
            Variant.Sequential, Variant.ParallelForEachBlocking, Variant.ThreadPool, Variant.WhenAll, Variant.AsyncKit,
        ],
        Explain = Explain,
        Hero = Variant.AsyncKit,
        Headline = Headline,
        NeverBlocks = [], // A CPU-bound operation keeps its thread, and a detector reports it.
        WarmsUpBriefly = [Variant.Sequential, Variant.ParallelForEachBlocking, Variant.ThreadPool, Variant.WhenAll, Variant.AsyncKit],
        Expected = static index => Hash(Name(index)),
        Url = Name,
        Open = static (_, names, limit) => new CpuScenario(names, limit),
    };

    public override async Task RunAsync(Variant variant, CancellationToken cancellationToken) =>
        _hashes = variant switch
        {
            Variant.Sequential => Sequential(cancellationToken),
            Variant.ParallelForEachBlocking => ParallelForEach(cancellationToken),
            Variant.ThreadPool => await ThreadPoolAsync(cancellationToken),
            Variant.WhenAll => await WhenAllAsync(cancellationToken),
            _ => await AsyncKitAsync(cancellationToken),
        };

    public override Fetched[] Results() => _hashes;

    private Fetched[] Sequential(CancellationToken cancellationToken) =>
        [.. names.Select(name => Hash(name, cancellationToken))];

    private Fetched[] ParallelForEach(CancellationToken cancellationToken)
    {
        var hashes = new Fetched[names.Length];
        Parallel.ForEach(
            names.Index(),
            new ParallelOptions { CancellationToken = cancellationToken },
            item => hashes[item.Index] = Hash(item.Item, cancellationToken));
        return hashes;
    }

    private Task<Fetched[]> ThreadPoolAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(names.Select(name => Task.Run(() => Hash(name, cancellationToken), cancellationToken)));

    private Task<Fetched[]> WhenAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(names.Select(name => HashAsync(name, cancellationToken).AsTask()));

    private Task<Fetched[]> AsyncKitAsync(CancellationToken cancellationToken) =>
        names.FanOutAsync(limit, HashAsync, cancellationToken);

    /// <summary>Async by name only, because the work is CPU-bound.</summary>
    private static ValueTask<Fetched> HashAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Hash(name, cancellationToken));

    private static Fetched Hash(string name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(System.Text.Encoding.ASCII.GetBytes(name));
        sha.AppendData(Block.Value);
        return new Fetched(name, "", 0, name.Length + BlockBytes, Convert.ToHexStringLower(sha.GetHashAndReset()));
    }

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"blocks/{index}");

    private static string Explain(Variant variant, int limit) => variant switch
    {
        Variant.Sequential => "a loop; the baseline",
        Variant.ParallelForEachBlocking => "Parallel.ForEach: what .NET has for this",
        Variant.ThreadPool => "Task.Run for every block, Task.WhenAll",
        Variant.WhenAll => "Task.WhenAll of methods that are async by their names only: they run one after the other",
        _ => $"items.FanOutAsync({limit}, ...): its workers are on the pool, so the cores are used; the limit is of no use",
    };

    private static string Headline(ScenarioReport report, double speedup)
    {
        var parallel = report.Find(Variant.ParallelForEachBlocking);
        var async = report.Find(Variant.WhenAll);
        return $"Computing needs cores, not async: {report.Items} {report.Kind.Things} hashed "
            + $"{Units.Times(parallel?.Speedup)} as fast as one by one with Parallel.ForEach, "
            + $"{Units.Times(speedup)} with AsyncKit, {Units.Times(async?.Speedup)} with Task.WhenAll alone";
    }
}
