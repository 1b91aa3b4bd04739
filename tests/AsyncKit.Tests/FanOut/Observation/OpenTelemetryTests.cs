using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace AsyncKit.Tests;

/// <summary>The data that the OpenTelemetry SDK collects by the names of the meter and of the activity
/// source.</summary>
public sealed class OpenTelemetryTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task The_SDK_collects_the_metrics_and_the_spans_by_their_names()
    {
        var spans = new Kept<Activity>(activity => activity.OperationName);
        var metrics = new Kept<Metric>(metric => $"{metric.Name} in {metric.Unit}: {Sum(metric)}");
        using (var tracing = Sdk.CreateTracerProviderBuilder()
            .AddSource(AsyncKitDiagnostics.ActivitySourceName)
            .AddProcessor(new SimpleActivityExportProcessor(spans))
            .Build())
        using (var metering = Sdk.CreateMeterProviderBuilder()
            .AddMeter(AsyncKitDiagnostics.MeterName)
            .AddReader(new BaseExportingMetricReader(metrics))
            .Build())
        {
            await Enumerable.Range(0, 3).FanOutReportAsync(
                new FanOutOptions { MaxConcurrency = 1, OnFailure = FailureMode.RunToEnd },
                (item, _) => item == 1
                    ? ValueTask.FromException<int>(new FormatException())
                    : new ValueTask<int>(item)).OrHangs();
            metering.ForceFlush();
            tracing.ForceFlush();
        }

        Assert.Equal(
            ["asynckit.fanout.item", "asynckit.fanout.item", "asynckit.fanout.item", "asynckit.fanout"],
            spans.All,
            StringComparer.Ordinal);
        Assert.Contains("asynckit.fanout.items in {item}: 3", metrics.All, StringComparer.Ordinal);
        Assert.Contains("asynckit.fanout.active in {item}: 0", metrics.All, StringComparer.Ordinal);
        Assert.Contains("asynckit.fanout.item.duration in s: 3", metrics.All, StringComparer.Ordinal);
    }

    private static long Sum(Metric metric)
    {
        var sum = 0L;
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            sum += metric.MetricType == MetricType.Histogram ? point.GetHistogramCount() : point.GetSumLong();
        }

        return sum;
    }

    private sealed class Kept<T>(Func<T, string> describe) : BaseExporter<T>
        where T : class
    {
        private readonly List<string> _all = [];

        public IReadOnlyList<string> All => _all;

        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var one in batch)
            {
                _all.Add(describe(one));
            }

            return ExportResult.Success;
        }
    }
}
