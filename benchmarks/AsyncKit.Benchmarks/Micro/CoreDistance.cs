using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;

namespace AsyncKit.Benchmarks;

/// <summary>
/// The time that a cache line takes from one processor to another, before and after each launch of a benchmark. Under a
/// hypervisor it varies: two virtual processors may be two threads of one physical core or run on different cores.
/// Rows whose threads share a queue take up to three times as long in the second case.
/// </summary>
internal sealed class CoreDistance : IDiagnoser, IColumn
{
    /// <summary>Above this ratio, two measurements were made on different placements.</summary>
    private const double MaxRatio = 1.8;

    private const int RoundTrips = 100_000;

    private static readonly ConcurrentDictionary<BenchmarkCase, ConcurrentBag<double>> Samples = [];
    private static Line _line;

    public IEnumerable<string> Ids => [nameof(CoreDistance)];

    public IEnumerable<IExporter> Exporters => [];

    public IEnumerable<IAnalyser> Analysers => [];

    public string Id => nameof(CoreDistance);

    public string ColumnName => "Core to core";

    public string Legend => "Core to core : Time of a cache line between two processors, before and after each launch";

    public bool AlwaysShow => false;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 1;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Time;

    /// <summary>Returns true if all launches of both had the same placement.</summary>
    public static bool IsSame(BenchmarkReport one, BenchmarkReport? other)
    {
        double[] both = [.. SamplesOf(one.BenchmarkCase), .. other is null ? [] : SamplesOf(other.BenchmarkCase)];
        return both is [] || both.Max() / both.Min() < MaxRatio;
    }

    public RunMode GetRunMode(BenchmarkCase benchmarkCase) => RunMode.NoOverhead;

    public void Handle(HostSignal signal, DiagnoserActionParameters parameters)
    {
        if (signal is HostSignal.BeforeActualRun or HostSignal.AfterActualRun)
        {
            Samples.GetOrAdd(parameters.BenchmarkCase, static _ => []).Add(Measure());
        }
    }

    public IEnumerable<Metric> ProcessResults(DiagnoserResults results) => [];

    public void DisplayResults(BenchmarkDotNet.Loggers.ILogger logger)
    {
    }

    public IEnumerable<ValidationError> Validate(ValidationParameters validationParameters) => [];

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(static one => SamplesOf(one) is not []);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var samples = SamplesOf(benchmarkCase);
        return samples is []
            ? "-"
            : string.Create(CultureInfo.InvariantCulture, $"{samples.Min():0} to {samples.Max():0} ns");
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);

    private static double[] SamplesOf(BenchmarkCase benchmark) =>
        Samples.TryGetValue(benchmark, out var samples) ? [.. samples] : [];

    /// <summary>Returns the least of five measurements, in nanoseconds: an interrupt makes one longer, never
    /// shorter.</summary>
    private static double Measure() => Enumerable.Range(0, 5).Min(static _ => MeasureOnce());

    private static double MeasureOnce()
    {
        _line.Value = 0;
        var other = new Thread(Answer) { IsBackground = true };
        other.Start();
        Pass(0); // The thread runs.
        var start = TimeProvider.System.GetTimestamp();
        for (var trip = 1; trip < RoundTrips; trip++)
        {
            Pass(trip);
        }

        var elapsed = TimeProvider.System.GetElapsedTime(start);
        other.Join();
        return elapsed.TotalNanoseconds / (RoundTrips - 1) / 2;

        static void Pass(int trip)
        {
            Volatile.Write(ref _line.Value, (2 * trip) + 1);
            Await((2 * trip) + 2);
        }

        static void Answer()
        {
            for (var trip = 0; trip < RoundTrips; trip++)
            {
                Await((2 * trip) + 1);
                Volatile.Write(ref _line.Value, (2 * trip) + 2);
            }
        }

        static void Await(int value)
        {
            while (Volatile.Read(ref _line.Value) != value)
            {
                // Without a pause: it would be a part of the time.
            }
        }
    }

    /// <summary>A value that shares its cache line with nothing else.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Line
    {
        [FieldOffset(192)]
        public int Value;
    }
}
