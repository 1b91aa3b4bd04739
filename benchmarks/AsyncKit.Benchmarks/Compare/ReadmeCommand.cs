namespace AsyncKit.Benchmarks;

/// <summary>The <c>readme</c> command: writes the table of the README from the committed results. It runs in the root of
/// the repository.</summary>
internal static class ReadmeCommand
{
    private const string ReadmePath = "README.md";
    private const string ResultsPath = "benchmarks/results/results.json";

    public static int Run()
    {
        if (!File.Exists(ReadmePath) || !File.Exists(ResultsPath))
        {
            Console.Error.WriteLine($"Run it in the root of the repository: it reads {ResultsPath} and writes {ReadmePath}.");
            return 2;
        }

        File.WriteAllText(ReadmePath, ReadmeTable.Insert(File.ReadAllText(ReadmePath), File.ReadAllText(ResultsPath)));
        Console.WriteLine(Path.GetFullPath(ReadmePath));
        return 0;
    }
}
