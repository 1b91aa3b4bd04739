namespace AsyncKit.Benchmarks;

/// <summary>A scenario as the command line and the reports know it.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="DefaultItems">How many items a full run has.</param>
/// <param name="QuickItems">How many items a quick run has.</param>
/// <param name="Deed">What is done, as in "AsyncKit fetched 200 pages".</param>
/// <param name="Things">What the items are.</param>
/// <param name="Work">The work in a sentence.</param>
/// <param name="Expected">What a correct result for the item with this number is.</param>
/// <param name="Url">The address of the item with this number.</param>
/// <param name="Open">Prepares a round with these addresses and this limit.</param>
internal sealed record ScenarioKind(
    string Name,
    int DefaultItems,
    int QuickItems,
    string Deed,
    string Things,
    string Work,
    Func<int, Fetched> Expected,
    Func<int, string> Url,
    Func<HttpClient, string[], int, Scenario> Open)
{
    public static IReadOnlyList<ScenarioKind> All { get; } =
    [
        new(
            "http", DefaultItems: 200, QuickItems: 130, "fetched", "pages",
            "Fetch HTML pages of 20 to 200 KB, find the title of each and count its links. Every tenth page is slow.",
            HttpScenario.Expected,
            HttpScenario.Url,
            (client, urls, limit) => new HttpScenario(client, urls, limit)),
        new(
            "download", DefaultItems: 10, QuickItems: 10, "downloaded", "PDF files",
            "Download PDF files of 1 to 3 MB from a server with a slow line and save them to a folder.",
            DownloadScenario.Expected,
            DownloadScenario.Url,
            (client, urls, limit) => new DownloadScenario(client, urls, limit)),
    ];
}
