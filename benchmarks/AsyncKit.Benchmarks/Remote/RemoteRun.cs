using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>The figures of a remote fan-out.</summary>
/// <param name="Rate">Items per second.</param>
/// <param name="Client">The processor cores in use by the client.</param>
/// <param name="Workers">Those of all workers.</param>
/// <param name="Broker">Those of the broker, or null if it is not the only one on this machine.</param>
internal sealed record RemoteRun(double Rate, double Client, double Workers, double? Broker)
{
    public static RemoteRun Median(IReadOnlyCollection<RemoteRun> runs) =>
        runs.OrderBy(run => run.Rate).ElementAt(runs.Count / 2);

    /// <summary>The columns after the rate.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Client:0.00} | {Workers:0.00} | {(Broker is { } broker ? broker.ToString("0.00", CultureInfo.InvariantCulture) : "-")}");
}
