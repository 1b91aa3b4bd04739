using System.Globalization;
using System.Text.Json;

namespace AsyncKit.Benchmarks;

/// <summary>Creates the table of the README from results.json: every variant of the scenario <c>http</c>, the slowest
/// first.</summary>
internal static class ReadmeTable
{
    private const string Scenario = "http";
    private const string Start = "<!-- comparison -->";
    private const string End = "<!-- /comparison -->";

    /// <summary>The readme with the table between its two marker comments.</summary>
    /// <exception cref="InvalidOperationException">The readme does not have both markers, or the results do not have the
    /// scenario.</exception>
    public static string Insert(string readme, string results)
    {
        var start = readme.IndexOf(Start, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        return start >= 0 && end > start
            ? $"{readme[..(start + Start.Length)]}\n{Create(results)}\n{readme[end..]}"
            : throw new InvalidOperationException($"The readme needs {Start} and, after it, {End}.");
    }

    public static string Create(string results)
    {
        using var document = JsonDocument.Parse(results);
        var report = document.RootElement;
        var scenario = report.GetProperty("scenarios").EnumerateArray().FirstOrDefault(
            scenario => scenario.GetProperty("name").ValueEquals(Scenario));
        if (scenario.ValueKind == JsonValueKind.Undefined)
        {
            throw new InvalidOperationException($"The results have no scenario '{Scenario}'.");
        }

        var latency = report.GetProperty("options").GetProperty("latencyMs").GetInt32();
        var title = string.Create(
            CultureInfo.InvariantCulture,
            $"{scenario.GetProperty("items").GetInt32()} pages over HTTP, {latency} ms each, every tenth {5 * latency} ms");
        string[] head =
        [
            $"| {title} | At once | Time | Speed-up | Peak load | Pool latency |",
            "|---|---:|---:|---:|---:|---:|",
        ];
        var variants = scenario.GetProperty("variants").EnumerateArray()
            .OrderByDescending(variant => Number(variant, "medianSeconds"));
        var machine = report.GetProperty("machine");
        var measured = string.Create(
            CultureInfo.InvariantCulture,
            $"Measured on {report.GetProperty("createdAt").GetDateTimeOffset():yyyy-MM-dd} with {machine.GetProperty("cores")} "
            + $"cores ({machine.GetProperty("cpu")}), {machine.GetProperty("os")}, {machine.GetProperty("dotnet")}.");
        return string.Join('\n', [.. head, .. variants.Select(Row), "", measured]);
    }

    private static string Row(JsonElement variant)
    {
        var mark = variant.GetProperty("isEmphasized").GetBoolean() ? "**" : "";
        var isRight = variant.GetProperty("verified").GetBoolean();
        return $"| {mark}{variant.GetProperty("name")}{mark} | {variant.GetProperty("atOnce")} | "
            + (isRight ? Units.Seconds(Number(variant, "medianSeconds")) : "wrong")
            + $" | {Units.Times(Number(variant, "speedup"))} | {Units.Count((long?)Number(variant, "peakLoad"))} | {Pool(variant)} |";
    }

    private static string Pool(JsonElement variant)
    {
        var pool = variant.GetProperty("poolLatencyMs");
        return pool.ValueKind == JsonValueKind.Null
            ? "-"
            : Number(pool, "p99") is { } p99
                ? Units.Milliseconds(p99)
                : $"{Units.Milliseconds(Number(pool, "max"))} max";
    }

    private static double? Number(JsonElement element, string property) =>
        element.GetProperty(property) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;
}
