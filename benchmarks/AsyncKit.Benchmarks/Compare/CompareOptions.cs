namespace AsyncKit.Benchmarks;

/// <summary>What the comparison shall do; every value has been checked.</summary>
/// <param name="Scenarios">The scenarios to run, in this order.</param>
/// <param name="Items">Items of every scenario; null for the scenario's own number.</param>
/// <param name="LatencyMs">The server's base latency.</param>
/// <param name="Concurrency">The limit of the variants that have one.</param>
/// <param name="Rounds">Measured rounds of each variant.</param>
/// <param name="Out">The folder of the reports.</param>
/// <param name="Quick">Whether short warm-ups do, and a slow variant is measured once.</param>
internal sealed record CompareOptions(
    IReadOnlyList<ScenarioKind> Scenarios,
    int? Items,
    int LatencyMs,
    int Concurrency,
    int Rounds,
    string Out,
    bool Quick)
{
    public const int DefaultConcurrency = 32;
    public const int DefaultRounds = 3;
    public const int QuickLatencyMs = 20;
    public const string DefaultOut = "artifacts/compare";

    public int ItemsOf(ScenarioKind scenario) => Items ?? (Quick ? scenario.QuickItems : scenario.DefaultItems);
}
