using AsyncKit;

namespace PriceApi;

/// <summary>The prices that arrived in time, and the reason for each that did not.</summary>
internal sealed record PriceAnswer(
    string Product, IReadOnlyDictionary<string, decimal> Prices, IReadOnlyDictionary<string, string> Missing)
{
    public static PriceAnswer Of(string product, FanOutReport<Backend, decimal> report) => new(
        product,
        report.Outcomes.Where(one => one.Kind == FanOutOutcomeKind.Succeeded)
            .ToDictionary(one => one.Item.Name, one => one.Value, StringComparer.Ordinal),
        report.Outcomes.Where(one => one.Kind != FanOutOutcomeKind.Succeeded)
            .ToDictionary(one => one.Item.Name, one => Reason(one.Exception), StringComparer.Ordinal));

    /// <summary>The details stay in the log.</summary>
    private static string Reason(Exception? exception) => exception is TimeoutException ? "no answer in time" : "failed";
}
