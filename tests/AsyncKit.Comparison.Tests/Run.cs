using System.Text.Json;

namespace AsyncKit.Comparison.Tests;

/// <summary>Runs a comparison into a temporary folder and reads what it wrote.</summary>
internal sealed class Run : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("asynckit-comparison-");

    private Run()
    {
    }

    public int Exit { get; private set; }

    public string Markdown => File.ReadAllText(Path.Combine(_folder.FullName, "report.md"));

    public string Html => File.ReadAllText(Path.Combine(_folder.FullName, "report.html"));

    public JsonElement Json =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.FullName, "results.json"))).RootElement;

    /// <summary>Runs quickly, in one round, unless the options say otherwise.</summary>
    public static async Task<Run> OfAsync(Comparison comparison, params string[] options)
    {
        var run = new Run();
        run.Exit = await comparison.RunAsync(["--quick", "--rounds", "1", "--out", run._folder.FullName, .. options]);
        return run;
    }

    public JsonElement Variant(string name) => Json.GetProperty("scenarios").EnumerateArray()
        .SelectMany(scenario => scenario.GetProperty("variants").EnumerateArray())
        .Single(variant => variant.GetProperty("name").ValueEquals(name));

    public void Dispose() => _folder.Delete(recursive: true);
}
