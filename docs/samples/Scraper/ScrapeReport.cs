using System.Globalization;
using System.Text;
using AsyncKit;

namespace Scraper;

/// <summary>Formats the outcomes of a run: the counts, and a list of the pages per kind of outcome.</summary>
internal static class ScrapeReport
{
    public static string Summary(FanOutReport<int, string> report) => string.Create(
        CultureInfo.InvariantCulture,
        $"{report.SucceededCount} done, {report.FailedCount} failed, {report.CancelledCount} cancelled, "
        + $"{report.NotStartedCount} not started{(report.IsCancelled ? ", stopped by Ctrl-C" : "")}");

    public static string Of(FanOutReport<int, string> report)
    {
        var text = new StringBuilder("# Pages\n\n").Append(Summary(report)).Append('\n');
        foreach (var kind in report.Outcomes.GroupBy(outcome => outcome.Kind).OrderBy(kind => kind.Key))
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"\n## {kind.Key}: {kind.Count()}\n\n");
            foreach (var outcome in kind)
            {
                _ = text.Append(CultureInfo.InvariantCulture, $"- {outcome.Item}{Detail(outcome)}\n");
            }
        }

        return text.ToString();
    }

    private static string Detail(FanOutOutcome<int, string> outcome) => outcome.Kind switch
    {
        FanOutOutcomeKind.Succeeded => ": " + outcome.Value,
        FanOutOutcomeKind.Failed => string.Create(
            CultureInfo.InvariantCulture, $": {outcome.Exception!.Message} ({outcome.Attempts} attempts)"),
        _ => "",
    };
}
