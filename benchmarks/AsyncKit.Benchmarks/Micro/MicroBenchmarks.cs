using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace AsyncKit.Benchmarks;

/// <summary>Runs the BenchmarkDotNet benchmarks and prints a table of their targets.</summary>
internal static class MicroBenchmarks
{
    public static int Run(string[] args)
    {
        // The thread pool's hill climbing makes every row that uses its queue bistable, including the baselines. So all
        // of them run with one thread-pool thread per core.
        var cores = Environment.ProcessorCount;
        ThreadPool.SetMinThreads(cores, cores);
        ThreadPool.SetMaxThreads(cores, cores);
        var distance = new CoreDistance();
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default
                .WithToolchain(InProcessEmitToolchain.DontLogOutput)
                .WithLaunchCount(3)
                .WithWarmupCount(6) // Until the JIT compiler has optimized the loops, they are several times slower. It ends with the first launch.
                .WithIterationCount(6)
                .WithIterationTime(TimeInterval.FromMilliseconds(250)))
            .AddDiagnoser(MemoryDiagnoser.Default, distance)
            .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params)
            .AddColumn(StatisticColumn.Median, StatisticColumn.StdDev, new MedianRatioColumn())
            .AddColumn(new PeakLiveColumn(), new PoolP99Column(), distance)
            .AddColumnProvider(DefaultColumnProviders.Metrics)
            .HideColumns("Gen0", "Gen1", "Gen2", "Alloc Ratio")
            .AddLogger(ConsoleLogger.Default)
            .AddExporter(MarkdownExporter.GitHub)
            .WithOption(ConfigOptions.JoinSummary, false);
        string[] chosen = args is [] ? ["--filter", "*"] : args; // Without a filter the switcher would prompt.
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroBenchmarks).Assembly).Run(chosen, config).ToList();
        if (summaries.Count == 0)
        {
            return args is ["--list" or "--help", ..] ? 0 : 2;
        }

        TargetTable.Write(summaries, Console.Out);
        return summaries.All(Succeeded) ? 0 : 1;

        static bool Succeeded(Summary summary) =>
            summary.Reports.Length > 0 && summary.Reports.All(report => report.Success);
    }
}
