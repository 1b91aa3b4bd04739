namespace AsyncKit.Comparison;

/// <summary>The options of a run. Every value is validated.</summary>
/// <param name="Scenarios">The names of the scenarios to run, in this order.</param>
/// <param name="Settings">The values that the scenarios may use.</param>
/// <param name="Rounds">The number of measured rounds per variant.</param>
/// <param name="Out">The folder of the reports.</param>
internal sealed record RunOptions(
    IReadOnlyList<string> Scenarios, ComparisonSettings Settings, int Rounds, string Out)
{
    public const int DefaultConcurrency = 32;
    public const int DefaultRounds = 5;
    public const int QuickRounds = 3;
    public const int DefaultLatencyMs = 20;
    public const int QuickLatencyMs = 10;
    public const string DefaultOut = "artifacts/compare";
}
