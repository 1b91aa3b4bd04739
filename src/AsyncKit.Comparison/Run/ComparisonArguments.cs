using System.CommandLine;
using System.Globalization;

namespace AsyncKit.Comparison;

/// <summary>The options in System.CommandLine, with their ranges.</summary>
internal sealed class ComparisonArguments
{
    private readonly IReadOnlyList<string> _names;
    private readonly Option<string[]> _scenario;

    private readonly Option<int?> _items = Number(
        "--items", 1, 1_000_000, "Items of every scenario (default: the scenario decides).");

    private readonly Option<int?> _latency = Number(
        "--latency-ms", 0, 60_000, "The latency of a simulated service, if the scenario has one (default: 20; quick: 10).");

    private readonly Option<int?> _concurrency = Number(
        "--concurrency", 1, 10_000, "The limit of the variants that have one (default: 32).");

    private readonly Option<int?> _rounds = Number(
        "--rounds", 1, 100, "Measured rounds of every variant, after the warm-up (default: 5; quick: 3).");

    private readonly Option<string> _out = new("--out")
    {
        HelpName = "DIR",
        Description = "The folder for results.json, report.md and report.html.",
        DefaultValueFactory = _ => RunOptions.DefaultOut,
    };

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "A short run: three rounds, a warm-up of two items, and one round of a variant that takes over half a second.",
    };

    public ComparisonArguments(string title, IReadOnlyList<string> names)
    {
        _names = names;
        _scenario = new Option<string[]>("--scenario")
        {
            HelpName = "NAME",
            Description = $"Run this scenario only; may be repeated. One of: {string.Join(", ", names)}.",
        };
        _scenario.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !names.Contains(token.Value, StringComparer.Ordinal)))
            {
                result.AddError($"There is no scenario '{token.Value}'. Known scenarios: {string.Join(", ", names)}.");
            }
        });
        Command = new RootCommand($"{title}. Compares ways to do the same work and writes a report.")
        {
            _scenario, _items, _latency, _concurrency, _rounds, _out, _quick,
        };
    }

    public RootCommand Command { get; }

    public RunOptions Read(ParseResult parsed)
    {
        var names = parsed.GetValue(_scenario) ?? [];
        var isQuick = parsed.GetValue(_quick);
        var latency = parsed.GetValue(_latency) ?? (isQuick ? RunOptions.QuickLatencyMs : RunOptions.DefaultLatencyMs);
        return new RunOptions(
            names.Length == 0 ? _names : [.. names.Distinct(StringComparer.Ordinal)],
            new ComparisonSettings
            {
                Items = parsed.GetValue(_items),
                Latency = TimeSpan.FromMilliseconds(latency),
                Concurrency = parsed.GetValue(_concurrency) ?? RunOptions.DefaultConcurrency,
                IsQuick = isQuick,
            },
            parsed.GetValue(_rounds) ?? (isQuick ? RunOptions.QuickRounds : RunOptions.DefaultRounds),
            parsed.GetValue(_out)!);
    }

    private static Option<int?> Number(string name, int least, int most, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            {
                return value;
            }

            result.AddError(string.Create(
                CultureInfo.InvariantCulture, $"{name} must be a whole number from {least} to {most}, not '{text}'."));
            return null;
        },
    };
}
