using System.Globalization;

namespace AsyncKit.Comparison;

/// <summary>The sentences about how the numbers were measured, shared by the Markdown and the HTML report.</summary>
internal static class Method
{
    public static IEnumerable<(string Term, string Meaning)> Of(ComparisonReport report)
    {
        var options = report.Options;
        yield return ("Rounds", string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Rounds} of every variant; each round starts with another variant. The time is their median. ")
            + (options.Quick
                ? "This was a quick run: a variant that takes over half a second was measured once."
                : "A variant that takes over 20 seconds was measured once."));
        yield return ("Warm-up", options.Quick
            ? "every variant over two items, not measured."
            : "the baseline over two items, every other variant over all items, not measured.");
        yield return ("Before each round",
            "the garbage is collected, and threads that an earlier round added to the thread pool have exited.");
        yield return ("Equal", "two variants whose rounds overlap, or whose medians differ by 5 % or less. A variant that was "
            + "measured once is equal within 10 %.");
        yield return ("Percentiles", "need three samples above them: a p99 needs 300, a p95 needs 60. With fewer, the report "
            + "shows the maximum.");
        yield return ("Verified", "the result of every round is compared with that of the baseline. A variant with another "
            + "result, or that throws, is marked WRONG and has no speed-up. Scenarios without a ranking are not compared.");
    }

    public static string ItemsOf(ScenarioReport scenario) =>
        string.Create(CultureInfo.InvariantCulture, $"{scenario.Items:N0} items.");
}
