using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeRefactorings;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers.Tests;

/// <summary>Runs a refactoring at the place that $$ marks in a source.</summary>
internal static class VerifyRefactoring
{
    /// <summary>The refactoring is offered, and the changed source compiles and equals another one.</summary>
    public static async Task ChangesAsync(CodeRefactoringProvider provider, string before, string after)
    {
        using var workspace = new AdhocWorkspace();
        var (document, offered) = await OffersAsync(workspace, provider, before);
        var operations = await Assert.Single(offered).GetOperationsAsync(CancellationToken.None);
        var changed = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(document.Id)!;
        Assert.Equal(after, (await changed.GetTextAsync()).ToString());
        Assert.Empty((await changed.Project.GetCompilationAsync())!.GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(error => error.ToString()));
    }

    public static async Task OffersNothingAsync(CodeRefactoringProvider provider, string source)
    {
        using var workspace = new AdhocWorkspace();
        var (_, offered) = await OffersAsync(workspace, provider, source);
        Assert.True(offered.Count == 0, source);
    }

    private static async Task<(Document Document, IReadOnlyList<CodeAction> Offered)> OffersAsync(
        AdhocWorkspace workspace, CodeRefactoringProvider provider, string markup)
    {
        var position = markup.IndexOf("$$", StringComparison.Ordinal);
        var document = workspace.AddProject("Sample", LanguageNames.CSharp)
            .WithParseOptions(Code.Parsing)
            .WithCompilationOptions(Code.Options)
            .AddMetadataReferences(Code.References)
            .AddDocument("Usings.cs", Code.Usings).Project
            .AddDocument("Declarations.cs", Code.Declarations).Project
            .AddDocument("Sample.cs", markup.Remove(position, 2));
        Assert.Empty((await document.Project.GetCompilationAsync())!.GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(error => error.ToString()));
        var offered = new List<CodeAction>();
        await provider.ComputeRefactoringsAsync(new CodeRefactoringContext(
            document, new TextSpan(position, 0), offered.Add, CancellationToken.None));
        return (document, offered);
    }
}
