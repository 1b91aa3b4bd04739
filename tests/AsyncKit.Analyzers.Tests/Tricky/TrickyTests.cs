using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers.Tests;

/// <summary>Snippets that a naive implementation of a rule gets wrong. They were written from the description of the rule,
/// so they name the rule by its ID and find the analyzer and the fix by reflection.</summary>
public abstract class TrickyTests(string id)
{
    private const int MostFixes = 12; // More would mean that a fix produces what it fixes.

    private static readonly ImmutableArray<DiagnosticAnalyzer> Analyzers =
        [.. Create<DiagnosticAnalyzer>("AsyncKit.Analyzers").Where(analyzer => analyzer is not DiagnosticSuppressor)];

    private static readonly ImmutableArray<CodeFixProvider> Fixes =
        Create<CodeFixProvider>("AsyncKit.Analyzers.CodeFixes");

    /// <summary>The source must have no report of the rule.</summary>
    protected Task SilentAsync(string source, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        Assert.DoesNotContain("[|", source, StringComparison.Ordinal);
        return CheckAsync(source, kind, isFixed: false);
    }

    /// <summary>The source of a test project must have no report of the rule.</summary>
    protected Task SilentInTestsAsync(string source)
    {
        Assert.DoesNotContain("[|", source, StringComparison.Ordinal);
        return CheckAsync(source, OutputKind.DynamicallyLinkedLibrary, isFixed: false, typeof(FactAttribute));
    }

    /// <summary>The marked spans must be the reports of the rule. Fixes that are offered must be right.</summary>
    protected Task ReportsAsync(string source, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        Assert.Contains("[|", source, StringComparison.Ordinal);
        return CheckAsync(source, kind, isFixed: false);
    }

    /// <summary>The marked spans must be the reports of the rule, and the fixes must leave none.</summary>
    protected Task FixesAsync(string source, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        Assert.Contains("[|", source, StringComparison.Ordinal);
        return CheckAsync(source, kind, isFixed: true);
    }

    /// <summary>Puts statements into an async method of a class.</summary>
    protected static string InMethod(string statements) => $$"""
        public class Sample
        {
            private readonly List<string> _found = [];
            private int _count;
            public IReadOnlyList<string> Found => _found;
            public int Count => _count;
            public async Task RunAsync(IReadOnlyList<Uri> uris, Uri uri, CancellationToken ct)
            {
        {{statements}}
                await Task.Yield();
            }
        }
        """;

    private static ImmutableArray<T> Create<T>(string assembly) =>
    [
        .. Assembly.Load(assembly).GetTypes()
            .Where(type => typeof(T).IsAssignableFrom(type) && !type.IsAbstract)
            .Select(type => (T)Activator.CreateInstance(type, nonPublic: true)!),
    ];

    private async Task CheckAsync(string markup, OutputKind kind, bool isFixed, params Type[] others)
    {
        TestFileMarkupParser.GetSpans(markup, out var source, out ImmutableArray<TextSpan> spans);
        using var workspace = new AdhocWorkspace();
        var document = Open(workspace, source, kind, others);
        var found = await FindAsync(document);
        var own = found.Where(HasOwnId).ToList();
        Assert.Equal(Texts(spans), Texts(own.Select(report => report.Location.SourceSpan)), StringComparer.Ordinal);

        var (after, left) = await FixAsync(document);
        Assert.Empty(left
            .Where(report => (isFixed && HasOwnId(report)) || !found.Exists(before => HaveSameMessage(before, report)))
            .Select(report => report + "\n" + after));

        IEnumerable<string> Texts(IEnumerable<TextSpan> parts) =>
            parts.Order().Select(part => $"{source.Substring(part.Start, part.Length)} at {part}");
    }

    private static bool HaveSameMessage(Diagnostic one, Diagnostic other) =>
        string.Equals(one.GetMessage(null), other.GetMessage(null), StringComparison.Ordinal);

    private bool HasOwnId(Diagnostic report) => string.Equals(report.Id, id, StringComparison.Ordinal);

    private static Document Open(AdhocWorkspace workspace, string source, OutputKind kind, Type[] others) =>
        workspace.AddProject("Sample", LanguageNames.CSharp)
            .WithParseOptions(Code.Parsing)
            .WithCompilationOptions(Code.Options.WithOutputKind(kind))
            .AddMetadataReferences(Code.References)
            .AddMetadataReferences(others.Select(type => MetadataReference.CreateFromFile(type.Assembly.Location)))
            .AddDocument("Usings.cs", Code.Usings).Project
            .AddDocument("Declarations.cs", Code.Declarations).Project
            .AddDocument("Sample.cs", source);

    /// <summary>All reports of all rules; compiler errors fail the test.</summary>
    private static async Task<List<Diagnostic>> FindAsync(Document document)
    {
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            onAnalyzerException: (exception, _, _) => throw exception,
            concurrentAnalysis: false,
            logAnalyzerExecutionTime: false);
        var compilation = (CSharpCompilation)(await document.Project.GetCompilationAsync())!;
        var all = await compilation.WithAnalyzers(Analyzers, options).GetAllDiagnosticsAsync();
        var text = (await document.GetTextAsync()).ToString();
        Assert.Empty(all.Where(IsError).Select(error => error + "\n" + text));
        return [.. all.Where(IsOurs).OrderBy(report => report.Location.SourceSpan.Start)];
    }

    private static bool IsOurs(Diagnostic report) => report.Id.StartsWith("AK", StringComparison.Ordinal);

    private static bool IsError(Diagnostic report) => report.Severity == DiagnosticSeverity.Error && !IsOurs(report);

    /// <summary>Applies the fixes of the rule, one after another, until none is offered.</summary>
    private async Task<(string After, List<Diagnostic> Left)> FixAsync(Document document)
    {
        for (var round = 0; ; round++)
        {
            Assert.True(round < MostFixes, "The fixes do not end.");
            var found = await FindAsync(document);
            var action = await OfferedAsync(document, found.Where(HasOwnId));
            if (action is null)
            {
                return ((await document.GetTextAsync()).ToString(), found);
            }

            var operations = await action.GetOperationsAsync(CancellationToken.None);
            document = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(document.Id)!;
        }
    }

    private static async Task<CodeAction?> OfferedAsync(Document document, IEnumerable<Diagnostic> reports)
    {
        CodeAction? first = null;
        foreach (var report in reports)
        {
            foreach (var provider in Fixes)
            {
                if (!provider.FixableDiagnosticIds.Contains(report.Id, StringComparer.Ordinal))
                {
                    continue;
                }

                await provider.RegisterCodeFixesAsync(new CodeFixContext(
                    document, report, (action, _) => first ??= action, CancellationToken.None));
            }
        }

        return first;
    }
}
