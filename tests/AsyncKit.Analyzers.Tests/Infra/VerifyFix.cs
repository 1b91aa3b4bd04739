using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers.Tests;

/// <summary>Applies a fix to one location after another and to all of them at once, and compares the source.</summary>
internal static class VerifyFix<TAnalyzer, TFix>
    where TAnalyzer : DiagnosticAnalyzer, new()
    where TFix : CodeFixProvider, new()
{
    /// <summary>The fixed source compiles and has no diagnostic, except those marked in it.</summary>
    /// <param name="before">The source.</param>
    /// <param name="after">The fixed source.</param>
    /// <param name="usings">The global usings.</param>
    /// <param name="config">Lines for <c>.editorconfig</c>.</param>
    public static Task FixesAsync(string before, string after, string usings = Code.Usings, string? config = null) =>
        FixesAsync([before], [after], usings, config);

    /// <summary>Fixes several documents at once.</summary>
    public static async Task FixesAsync(string[] before, string[] after, string usings = Code.Usings, string? config = null)
    {
        await new FixTest(before, after, usings, config) { NumberOfFixAllIterations = 1 }.RunAsync();
        await GivesNoDiagnosticAsync(before, after, usings);
    }

    /// <summary>As <see cref="FixesAsync(string, string, string, string?)"/> with three documents, whose fixed code no rule
    /// of AsyncKit reports. The type of the source is named C.</summary>
    public static Task FixesEverywhereAsync(string before, string after) => FixesAsync(Copies(before), Copies(after));

    /// <summary>As <see cref="FixesAsync(string, string, string, string?)"/> for a program with top-level statements and no
    /// global usings.</summary>
    public static Task FixesProgramAsync(string before, string after)
    {
        var test = new FixTest([before], [after], Code.Usings) { NumberOfFixAllIterations = 1 };
        test.TestState.OutputKind = OutputKind.ConsoleApplication;
        test.TestState.Sources.RemoveRange(1, test.TestState.Sources.Count - 1);
        test.FixedState.Sources.RemoveRange(1, test.FixedState.Sources.Count - 1);
        return test.RunAsync();
    }

    /// <summary>A source whose every report has no fix.</summary>
    public static Task OffersNothingAsync(string source) =>
        OffersNothingAsync(source, compilation => Verify.FindAsync(new TAnalyzer(), compilation));

    /// <summary>A source whose compiler errors have no fix.</summary>
    public static Task OffersNothingForErrorsAsync(string source) =>
        OffersNothingAsync(source, compilation => Task.FromResult(compilation.GetDiagnostics()
            .Where(error => new TFix().FixableDiagnosticIds.Contains(error.Id, StringComparer.Ordinal)).ToImmutableArray()));

    /// <summary>No rule reports the fixed source, except where it is marked, and where another rule reported the source
    /// before.</summary>
    private static async Task GivesNoDiagnosticAsync(string[] before, string[] after, string usings)
    {
        var (marked, found) = await FindAllAsync(after, usings);
        foreach (var id in marked)
        {
            Assert.True(found.Remove(id), $"{id} is marked in the fixed source, but not reported.");
        }

        if (found.Count == 0)
        {
            return; // A source whose compiler errors are fixed cannot be analyzed before.
        }

        var (_, old) = await FindAllAsync(before, usings);
        foreach (var id in old.Where(id => !new TFix().FixableDiagnosticIds.Contains(id, StringComparer.Ordinal)))
        {
            found.Remove(id);
        }

        Assert.Empty(found);
    }

    private static async Task<(List<string> Marked, List<string> Found)> FindAllAsync(string[] markups, string usings)
    {
        var marked = new List<string>();
        var trees = new List<SyntaxTree>
        {
            CSharpSyntaxTree.ParseText(usings, Code.Parsing), CSharpSyntaxTree.ParseText(Code.Declarations, Code.Parsing),
        };
        foreach (var markup in markups)
        {
            TestFileMarkupParser.GetSpans(markup, out var source, out ImmutableDictionary<string, ImmutableArray<TextSpan>> spans);
            trees.Add(CSharpSyntaxTree.ParseText(source, Code.Parsing));
            marked.AddRange(spans.SelectMany(pair => pair.Value.Select(_ => pair.Key)));
        }

        var found = await Verify.FindAllAsync(CSharpCompilation.Create("Sample", trees, Code.References, Code.Options));
        return (marked, [.. found.Select(diagnostic => diagnostic.Id)]);
    }

    private static string[] Copies(string source) =>
    [
        .. new[] { "class C", "class C2", "class C3" }.Select(name => source.Replace("class C", name, StringComparison.Ordinal)),
    ];

    private static async Task OffersNothingAsync(
        string source, Func<CSharpCompilation, Task<ImmutableArray<Diagnostic>>> find)
    {
        using var workspace = new AdhocWorkspace();
        var document = workspace.AddProject("Sample", LanguageNames.CSharp)
            .WithParseOptions(Code.Parsing)
            .WithCompilationOptions(Code.Options)
            .AddMetadataReferences(Code.References)
            .AddDocument("Usings.cs", Code.Usings).Project
            .AddDocument("Declarations.cs", Code.Declarations).Project
            .AddDocument("Sample.cs", source);
        var found = await find((CSharpCompilation)(await document.Project.GetCompilationAsync())!);
        var offered = new List<CodeAction>();
        foreach (var diagnostic in found)
        {
            await new TFix().RegisterCodeFixesAsync(new CodeFixContext(
                document, diagnostic, (action, _) => offered.Add(action), CancellationToken.None));
        }

        Assert.NotEmpty(found);
        Assert.Empty(offered.Select(action => action.Title));
    }

    private sealed class FixTest : CSharpCodeFixTest<TAnalyzer, TFix, DefaultVerifier>
    {
        public FixTest(string[] before, string[] after, string usings, string? config = null)
        {
            foreach (var (state, sources) in new[] { (TestState, before), (FixedState, after) })
            {
                foreach (var source in sources)
                {
                    state.Sources.Add(source);
                }

                state.Sources.Add(("Usings.cs", usings));
                state.Sources.Add(("Declarations.cs", Code.Declarations));
            }

            if (config is not null)
            {
                TestState.AnalyzerConfigFiles.Add(("/.editorconfig", "root = true\n[*.cs]\n" + config));
            }

            TestState.AdditionalReferences.AddRange(Code.References);
            ReferenceAssemblies = new ReferenceAssemblies("net10.0");
            CompilerDiagnostics = CompilerDiagnostics.Errors;
            CodeFixTestBehaviors = CodeFixTestBehaviors.SkipFixAllInDocumentCheck | CodeFixTestBehaviors.SkipFixAllInProjectCheck;
        }

        protected override ParseOptions CreateParseOptions() => Code.Parsing;

        protected override CompilationOptions CreateCompilationOptions() => Code.Options;
    }
}
