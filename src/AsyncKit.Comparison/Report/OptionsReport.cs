using System.Globalization;
using System.Text;

namespace AsyncKit.Comparison;

/// <summary>The options of a run, without its output folder, and the command that repeats it.</summary>
internal sealed record OptionsReport(
    IReadOnlyList<string> Scenarios,
    int? Items,
    int LatencyMs,
    int Concurrency,
    int Rounds,
    bool Quick,
    string Command)
{
    public static OptionsReport Of(RunOptions options, string program, int scenarios)
    {
        var settings = options.Settings;
        var latency = (int)settings.Latency.TotalMilliseconds;
        var text = new StringBuilder();
        if (options.Scenarios.Count < scenarios)
        {
            text.AppendJoin("", options.Scenarios.Select(name => $" --scenario {name}"));
        }

        Append(text, "--items", settings.Items, null);
        Append(text, "--latency-ms", latency, settings.IsQuick ? RunOptions.QuickLatencyMs : RunOptions.DefaultLatencyMs);
        Append(text, "--concurrency", settings.Concurrency, RunOptions.DefaultConcurrency);
        Append(text, "--rounds", options.Rounds, settings.IsQuick ? RunOptions.QuickRounds : RunOptions.DefaultRounds);
        text.Append(settings.IsQuick ? " --quick" : "");
        return new OptionsReport(
            options.Scenarios,
            settings.Items,
            latency,
            settings.Concurrency,
            options.Rounds,
            settings.IsQuick,
            text.Length == 0 ? program : $"{program} --{text}");
    }

    private static void Append(StringBuilder text, string option, int? value, int? ordinary)
    {
        if (value != ordinary)
        {
            text.Append(CultureInfo.InvariantCulture, $" {option} {value}");
        }
    }
}
