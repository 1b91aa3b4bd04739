using System.Globalization;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>The options of a run, without its output folder.</summary>
internal sealed record OptionsReport(
    IReadOnlyList<string> Scenarios, int? Items, int LatencyMs, int Concurrency, int Rounds, bool Quick)
{
    public static OptionsReport Of(CompareOptions options) => new(
        [.. options.Scenarios.Select(kind => kind.Name)],
        options.Items,
        options.LatencyMs,
        options.Concurrency,
        options.Rounds,
        options.Quick);

    /// <summary>The command that repeats the run.</summary>
    public string Command()
    {
        var text = new StringBuilder();
        if (Scenarios.Count < ScenarioKind.All.Count)
        {
            text.AppendJoin("", Scenarios.Select(name => $" --scenario {name}"));
        }

        Append(text, "--items", Items, null);
        Append(text, "--latency-ms", LatencyMs, Quick ? CompareOptions.QuickLatencyMs : Pacing.DefaultLatencyMs);
        Append(text, "--concurrency", Concurrency, CompareOptions.DefaultConcurrency);
        Append(text, "--rounds", Rounds, CompareOptions.DefaultRounds);
        text.Append(Quick ? " --quick" : "");
        var arguments = text.Length == 0 ? "" : $" --{text}";
        return $"dotnet run -c Release --project benchmarks/AsyncKit.Benchmarks{arguments}";
    }

    private static void Append(StringBuilder text, string option, int? value, int? ordinary)
    {
        if (value != ordinary)
        {
            text.Append(CultureInfo.InvariantCulture, $" {option} {value}");
        }
    }
}
