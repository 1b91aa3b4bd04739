using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeRefactorings;
using Microsoft.CodeAnalysis.Testing;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers.Tests;

/// <summary>Applies the refactoring that is offered at a position, which $$ marks in the source.</summary>
internal static class VerifyRefactoring
{
    public static async Task ChangesAsync(
        CodeRefactoringProvider refactoring, string markup, string after, string usings = Code.Usings)
    {
        using var workspace = new AdhocWorkspace();
        var (document, offered) = await OfferedAsync(workspace, refactoring, markup, usings);
        var operations = await Assert.Single(offered).GetOperationsAsync(CancellationToken.None);
        var changed = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(document.Id)!;

        Assert.Equal(after, (await changed.GetTextAsync()).ToString());
        Assert.Empty((await changed.Project.GetCompilationAsync())!.GetDiagnostics()
            .Where(error => error.Severity == DiagnosticSeverity.Error).Select(error => error.ToString()));
    }

    public static async Task OffersNothingAsync(CodeRefactoringProvider refactoring, string markup)
    {
        using var workspace = new AdhocWorkspace();
        Assert.Empty((await OfferedAsync(workspace, refactoring, markup, Code.Usings)).Offered.Select(action => action.Title));
    }

    private static async Task<(Document Document, IReadOnlyList<CodeAction> Offered)> OfferedAsync(
        AdhocWorkspace workspace, CodeRefactoringProvider refactoring, string markup, string usings)
    {
        TestFileMarkupParser.GetPosition(markup, out var source, out var position);
        var document = workspace.AddProject("Sample", LanguageNames.CSharp)
            .WithParseOptions(Code.Parsing)
            .WithCompilationOptions(Code.Options)
            .AddMetadataReferences(Code.References)
            .AddDocument("Usings.cs", usings).Project
            .AddDocument("Declarations.cs", Code.Declarations).Project
            .AddDocument("Sample.cs", source);
        var offered = new List<CodeAction>();
        await refactoring.ComputeRefactoringsAsync(new CodeRefactoringContext(
            document, new TextSpan(position, 0), offered.Add, CancellationToken.None));
        return (document, offered);
    }
}
