namespace AsyncKit.Benchmarks;

/// <summary>The options of the comparison. Every value is validated.</summary>
/// <param name="Scenarios">The scenarios to run, in this order.</param>
/// <param name="Items">The number of items of every scenario; null for the default of the scenario.</param>
/// <param name="LatencyMs">The server's base latency.</param>
/// <param name="Concurrency">The limit of the variants that have one.</param>
/// <param name="Rounds">The number of measured rounds per variant.</param>
/// <param name="Out">The folder of the reports.</param>
/// <param name="Quick">True for short warm-ups and a single round of a slow variant.</param>
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
