using System.CommandLine;
using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>The options in System.CommandLine, with their ranges.</summary>
internal sealed class CompareArguments
{
    private readonly Option<string[]> _scenario = new("--scenario")
    {
        HelpName = "NAME",
        Description = $"Run this scenario only; may be repeated. One of: {Known()}.",
    };

    private readonly Option<int?> _items = Number(
        "--items", 1, 100_000, "Items of every scenario (default: http 200, download 10, blocking 256, cpu 64).");

    private readonly Option<int?> _latency = Number(
        "--latency-ms",
        0,
        60_000,
        "The server's base latency (default: 50). http: every tenth page waits five times as long. download: the "
        + "transfer of a file takes another 7.4 times as long, 0.42 s in all by default. blocking: a call waits twice as "
        + "long.");

    private readonly Option<int?> _concurrency = Number(
        "--concurrency", 1, 10_000, "The limit of the variants that have one (default: 32).");

    private readonly Option<int?> _rounds = Number(
        "--rounds", 1, 100, "Measured rounds of every variant, after the warm-up (default: 3).");

    private readonly Option<string> _out = new("--out")
    {
        HelpName = "DIR",
        Description = "The folder for results.json, report.md and report.html.",
        DefaultValueFactory = _ => CompareOptions.DefaultOut,
    };

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "The whole run in less than 60 s: http has 130 items, blocking 96 and cpu 8, the base latency is "
            + "20 ms, the warm-up is two items, and a variant whose round takes over half a second is measured once.",
    };

    public CompareArguments()
    {
        _scenario.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => Find(token.Value) is null))
            {
                result.AddError($"There is no scenario '{token.Value}'. Known scenarios: {Known()}.");
            }
        });
        Command = new RootCommand(
            "Compares ways to do the same slow work and writes a report. "
            + "With 'micro' as the first argument: the micro-benchmarks (see micro --help).")
        {
            _scenario, _items, _latency, _concurrency, _rounds, _out, _quick,
        };
    }

    public RootCommand Command { get; }

    public CompareOptions Read(ParseResult parsed)
    {
        var names = parsed.GetValue(_scenario) ?? [];
        var quick = parsed.GetValue(_quick);
        return new CompareOptions(
            names.Length == 0
                ? ScenarioKind.All
                : [.. names.Distinct(StringComparer.Ordinal).Select(name => Find(name)!)],
            parsed.GetValue(_items),
            parsed.GetValue(_latency) ?? (quick ? CompareOptions.QuickLatencyMs : Pacing.DefaultLatencyMs),
            parsed.GetValue(_concurrency) ?? CompareOptions.DefaultConcurrency,
            parsed.GetValue(_rounds) ?? CompareOptions.DefaultRounds,
            parsed.GetValue(_out)!,
            quick);
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

    private static ScenarioKind? Find(string name) =>
        ScenarioKind.All.FirstOrDefault(kind => string.Equals(kind.Name, name, StringComparison.Ordinal));

    private static string Known() => string.Join(", ", ScenarioKind.All.Select(kind => kind.Name));
}
