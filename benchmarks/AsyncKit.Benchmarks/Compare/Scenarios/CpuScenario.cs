using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>Hashes blocks of memory, work that needs only the processor.</summary>
internal sealed class CpuScenario(ComparisonScenario<string> scenario)
{
    private const int Seed = 20_260_303;
    private const int BlockBytes = 32 * 1024 * 1024;

    private readonly int _limit = scenario.Settings.Concurrency;

    /// <summary>The content of every block after its name. The blocks share it, so memory holds it once.</summary>
    private byte[] _block = [];

    public static IReadOnlyList<string> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(0, settings.Items ?? (settings.IsQuick ? 8 : 48)).Select(index =>
            string.Create(CultureInfo.InvariantCulture, $"blocks/{index}"))];

    public void Describe() => scenario
        .Question("Does async help when nothing waits? Hash blocks of 32 MB in memory.")
        .Answer("No. Only cores help: Parallel.ForEach brought {speedup:Parallel.ForEach}, Task.WhenAll alone "
            + "{speedup:WhenAll, async by name only}. Use Parallel.ForEach for such work, not a fan-out.")
        .Setup(_ => CreateBlockAsync(), () => Task.FromResult(_block = []))
        .Baseline(
            "one by one",
            (names, ct) => Task.FromResult(names.Select(name => Hash(name, ct)).ToArray()),
            new VariantNotes { How = "a loop", AtOnce = "1" })
        .Variant(
            "Parallel.ForEach",
            (names, ct) =>
            {
                var hashes = new string[names.Count];
                Parallel.For(0, names.Count, new ParallelOptions { CancellationToken = ct }, index =>
                    hashes[index] = Hash(names[index], ct));
                return Task.FromResult(hashes);
            },
            new VariantNotes { How = "Parallel.For, what .NET has for this", AtOnce = "the number of cores", IsEmphasized = true })
        .Variant(
            "Task.Run",
            (names, ct) => Task.WhenAll(names.Select(name => Task.Run(() => Hash(name, ct), ct))),
            new VariantNotes { How = "Task.Run for every block", AtOnce = "the number of cores" })
        .Variant(
            "WhenAll, async by name only",
            (names, ct) => Task.WhenAll(names.Select(name => HashAsync(name, ct))),
            new VariantNotes { How = "methods that never wait run one after the other", AtOnce = "1" })
        .Variant(
            "AsyncKit FanOutAsync",
            (names, ct) => names.FanOutAsync(_limit, HashAsync, ct),
            new VariantNotes { How = "its workers run on the thread pool, so all cores are used", AtOnce = "the number of cores" });

    private Task CreateBlockAsync()
    {
        _block = new byte[BlockBytes];
        new Random(Seed).NextBytes(_block);
        return Task.CompletedTask;
    }

    /// <summary>Async by name only, because the work is CPU-bound.</summary>
    private Task<string> HashAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(Hash(name, cancellationToken));

    private string Hash(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(Encoding.ASCII.GetBytes(name));
        sha.AppendData(_block);
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}
