using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;

namespace AsyncKit.Analyzers.Tests;

/// <summary>Runs an analyzer over a source. What it reports must equal the spans that are marked in the source.</summary>
internal static class Verify
{
    private static readonly SyntaxTree[] Shared =
    [
        CSharpSyntaxTree.ParseText(Code.Usings, Code.Parsing, "Usings.cs"),
        CSharpSyntaxTree.ParseText(Code.Declarations, Code.Parsing, "Declarations.cs"),
    ];

    /// <param name="analyzer">The analyzer.</param>
    /// <param name="markup">The source, with [| and |] around each expected location.</param>
    /// <param name="kind">A console application has top-level statements.</param>
    public static async Task ReportsAsync(
        DiagnosticAnalyzer analyzer, string markup, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        TestFileMarkupParser.GetSpans(markup, out var source, out ImmutableArray<Microsoft.CodeAnalysis.Text.TextSpan> spans);
        var found = await FindAsync(analyzer, Compile(source, Code.References, kind));
        Assert.Equal(
            spans.Order().Select(span => source[span.Start..span.End]),
            found.Select(diagnostic => diagnostic.Location.SourceSpan).Order().Select(span => source[span.Start..span.End]),
            StringComparer.Ordinal);
        Assert.Equal(spans.Order(), found.Select(diagnostic => diagnostic.Location.SourceSpan).Order());
    }

    /// <summary>Several sources of one project: the first has the marks.</summary>
    public static async Task<IReadOnlyList<string>> MessagesAsync(DiagnosticAnalyzer analyzer, string source) =>
        [.. (await FindAsync(analyzer, Compile(source, Code.References, OutputKind.DynamicallyLinkedLibrary)))
            .Select(diagnostic => diagnostic.GetMessage(null))];

    public static CSharpCompilation Compile(string source, IReadOnlyList<MetadataReference> references, OutputKind kind) =>
        CSharpCompilation.Create(
            "Sample",
            [.. Shared, CSharpSyntaxTree.ParseText(source, Code.Parsing, "Sample.cs")],
            references,
            Code.Options.WithOutputKind(kind));

    public static async Task<ImmutableArray<Diagnostic>> FindAsync(DiagnosticAnalyzer analyzer, CSharpCompilation compilation)
    {
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            onAnalyzerException: (exception, _, _) => throw exception,
            concurrentAnalysis: false,
            logAnalyzerExecutionTime: false);
        var all = await compilation.WithAnalyzers([analyzer], options).GetAllDiagnosticsAsync();
        var own = analyzer.SupportedDiagnostics.Select(rule => rule.Id).ToList();
        Assert.Empty(all
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !own.Contains(diagnostic.Id, StringComparer.Ordinal))
            .Select(error => error.ToString()));
        return [.. all.Where(diagnostic => own.Contains(diagnostic.Id, StringComparer.Ordinal))];
    }
}
