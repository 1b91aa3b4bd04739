using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AsyncKit.Analyzers;

/// <summary>The verbs at the start of the names of methods that only read, so that their order does not matter.</summary>
internal sealed class ReadVerbs
{
    /// <summary>The key in <c>.editorconfig</c> of further verbs, separated by commas.</summary>
    public const string Key = "asynckit_read_verbs";

    private static readonly string[] Known =
    [
        "Get", "Fetch", "Load", "Read", "Download", "Upload", "Find", "Query", "Resolve", "Search", "Lookup", "Scan",
        "Crawl", "Scrape", "Ping", "Probe", "Check", "Validate", "Count", "Measure", "Request", "Retrieve",
    ];

    private readonly IReadOnlyList<string> _verbs;

    private ReadVerbs(IReadOnlyList<string> verbs) => _verbs = verbs;

    public static ReadVerbs Of(AnalyzerOptions options, SyntaxTree tree) =>
        Of(options.AnalyzerConfigOptionsProvider.GetOptions(tree));

    private static ReadVerbs Of(AnalyzerConfigOptions options) => options.TryGetValue(Key, out var added)
        ? new([.. Known, .. added.Split(',').Select(verb => verb.Trim()).Where(verb => verb.Length > 0)])
        : new(Known);

    /// <summary>Whether the name of a method starts with a read verb and promises nothing else, as GetOrAdd does.</summary>
    public bool Describe(IMethodSymbol method) =>
        _verbs.Any(verb => StartsWithWord(method.Name, verb, 0))
        && !HasWord(method.Name, "Or")
        && !HasWord(method.Name, "And");

    private static bool HasWord(string name, string word)
    {
        for (var start = name.IndexOf(word, StringComparison.Ordinal); start >= 0;
            start = name.IndexOf(word, start + 1, StringComparison.Ordinal))
        {
            if (StartsWithWord(name, word, start))
            {
                return true;
            }
        }

        return false;
    }

    private static bool StartsWithWord(string name, string word, int start) =>
        string.CompareOrdinal(name, start, word, 0, word.Length) == 0
        && (name.Length == start + word.Length || !char.IsLower(name[start + word.Length]));
}
