using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers.Tests;

/// <summary>Runs an analyzer over sources. Its reports must equal the spans that [| and |] mark in the source.</summary>
internal static class Verify
{
    private static readonly SyntaxTree[] Shared =
    [
        CSharpSyntaxTree.ParseText(Code.Usings, Code.Parsing, "Usings.cs"),
        CSharpSyntaxTree.ParseText(Code.Declarations, Code.Parsing, "Declarations.cs"),
    ];

    private static readonly ImmutableArray<DiagnosticAnalyzer> All =
    [
        .. typeof(RuleAnalyzer).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(RuleAnalyzer)))
            .Select(type => (DiagnosticAnalyzer)Activator.CreateInstance(type)!),
    ];

    /// <summary>Checks snippets, each in a separate namespace. One compilation serves all of them.</summary>
    /// <param name="analyzer">The analyzer.</param>
    /// <param name="template">The source around a snippet, which replaces BODY.</param>
    /// <param name="snippets">Statements.</param>
    public static async Task EachAsync(DiagnosticAnalyzer analyzer, string template, params string[] snippets)
    {
        var expected = new Dictionary<string, (string Snippet, ImmutableArray<TextSpan> Spans)>(StringComparer.Ordinal);
        var trees = new List<SyntaxTree>();
        foreach (var snippet in snippets)
        {
            var name = "Snippet" + expected.Count;
            var markup = $"namespace {name};\n{template.Replace("BODY", snippet, StringComparison.Ordinal)}";
            TestFileMarkupParser.GetSpans(markup, out var source, out ImmutableArray<TextSpan> spans);
            expected.Add(name, (snippet, spans));
            trees.Add(CSharpSyntaxTree.ParseText(source, Code.Parsing, name));
        }

        var found = await FindAsync(analyzer, Compile(trees, Code.References, OutputKind.DynamicallyLinkedLibrary));
        var wrong = expected.Where(pair => !pair.Value.Spans.Order().SequenceEqual(
            found.Where(diagnostic => string.Equals(diagnostic.Location.SourceTree!.FilePath, pair.Key, StringComparison.Ordinal))
                .Select(diagnostic => diagnostic.Location.SourceSpan).Order()));
        Assert.Empty(wrong.Select(pair => pair.Value.Snippet));
    }

    /// <summary>Checks one source, which may have top-level statements.</summary>
    public static async Task ReportsAsync(
        DiagnosticAnalyzer analyzer, string markup, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        TestFileMarkupParser.GetSpans(markup, out var source, out ImmutableArray<TextSpan> spans);
        var found = await FindAsync(analyzer, Compile(source, Code.References, kind));
        Assert.Equal(spans.Order(), found.Select(diagnostic => diagnostic.Location.SourceSpan).Order());
    }

    public static async Task<IReadOnlyList<string>> MessagesAsync(DiagnosticAnalyzer analyzer, string source) =>
        [.. (await FindAsync(analyzer, Compile(source, Code.References, OutputKind.DynamicallyLinkedLibrary)))
            .Select(diagnostic => diagnostic.GetMessage(null))];

    public static CSharpCompilation Compile(string source, IReadOnlyList<MetadataReference> references, OutputKind kind) =>
        Compile([CSharpSyntaxTree.ParseText(source, Code.Parsing, "Sample.cs")], references, kind);

    public static Task<ImmutableArray<Diagnostic>> FindAsync(DiagnosticAnalyzer analyzer, CSharpCompilation compilation) =>
        FindAsync([analyzer], compilation);

    /// <summary>The diagnostics of all rules.</summary>
    public static Task<ImmutableArray<Diagnostic>> FindAllAsync(CSharpCompilation compilation) => FindAsync(All, compilation);

    private static async Task<ImmutableArray<Diagnostic>> FindAsync(
        ImmutableArray<DiagnosticAnalyzer> analyzers, CSharpCompilation compilation)
    {
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            onAnalyzerException: (exception, _, _) => throw exception,
            concurrentAnalysis: false,
            logAnalyzerExecutionTime: false);
        var all = await compilation.WithAnalyzers(analyzers, options).GetAllDiagnosticsAsync();
        var own = analyzers.SelectMany(analyzer => analyzer.SupportedDiagnostics).Select(rule => rule.Id).ToList();
        Assert.Empty(all
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !own.Contains(diagnostic.Id, StringComparer.Ordinal))
            .Select(error => error.ToString()));
        return [.. all.Where(diagnostic => own.Contains(diagnostic.Id, StringComparer.Ordinal))];
    }

    private static CSharpCompilation Compile(IEnumerable<SyntaxTree> trees, IReadOnlyList<MetadataReference> references, OutputKind kind) =>
        CSharpCompilation.Create("Sample", [.. Shared, .. trees], references, Code.Options.WithOutputKind(kind));
}
