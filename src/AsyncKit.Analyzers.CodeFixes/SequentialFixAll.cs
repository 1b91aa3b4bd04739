using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace AsyncKit.Analyzers;

/// <summary>Applies the fixes of a rule one after another, each to the result of the one before: fixes that change several
/// documents may change the same lines, and none of them may be lost.</summary>
internal sealed class SequentialFixAll(string title, Func<FixTarget, CancellationToken, Task<Solution?>> fixAsync) : FixAllProvider
{
    public override Task<CodeAction?> GetFixAsync(FixAllContext fixAllContext) => Task.FromResult<CodeAction?>(
        CodeAction.Create(title, token => FixAsync(fixAllContext.WithCancellationToken(token)), fixAllContext.CodeActionEquivalenceKey));

    private async Task<Solution> FixAsync(FixAllContext context)
    {
        var token = context.CancellationToken;
        var (solution, marks) = await MarkAsync(context).ConfigureAwait(false);
        foreach (var (id, diagnostic, mark) in marks)
        {
            var document = solution.GetDocument(id)!;
            var root = await document.GetSyntaxRootAsync(token).ConfigureAwait(false);
            var model = await document.GetSemanticModelAsync(token).ConfigureAwait(false);
            if (root?.GetAnnotatedTokens(mark).FirstOrDefault().Parent is { } node && model is not null)
            {
                solution = await fixAsync(new(document, root, model, diagnostic, node), token).ConfigureAwait(false) ?? solution;
            }
        }

        return await ChangedSolution.CleanUpAsync(context.Solution, solution, token).ConfigureAwait(false);
    }

    /// <summary>Marks the location of each diagnostic, which the earlier fixes move.</summary>
    private static async Task<(Solution Solution, List<(DocumentId Id, Diagnostic Diagnostic, SyntaxAnnotation Mark)> Marks)> MarkAsync(
        FixAllContext context)
    {
        var solution = context.Solution;
        var marks = new List<(DocumentId, Diagnostic, SyntaxAnnotation)>();
        foreach (var document in Documents(context))
        {
            var diagnostics = await context.GetDocumentDiagnosticsAsync(document).ConfigureAwait(false);
            if (diagnostics.IsEmpty || await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root)
            {
                continue;
            }

            var tokens = new Dictionary<SyntaxToken, SyntaxAnnotation>();
            foreach (var diagnostic in diagnostics.OrderBy(diagnostic => diagnostic.Location.SourceSpan.Start))
            {
                var start = root.FindToken(diagnostic.Location.SourceSpan.Start);
                if (!tokens.TryGetValue(start, out var mark)) // Two diagnostics may start at one token.
                {
                    tokens.Add(start, mark = new SyntaxAnnotation());
                }

                marks.Add((document.Id, diagnostic, mark));
            }

            solution = solution.WithDocumentSyntaxRoot(document.Id, root.ReplaceTokens(
                tokens.Keys, (original, changed) => changed.WithAdditionalAnnotations(tokens[original])));
        }

        return (solution, marks);
    }

    private static IEnumerable<Document> Documents(FixAllContext context) => context.Scope switch
    {
        FixAllScope.Solution => context.Solution.Projects
            .Where(project => string.Equals(project.Language, context.Project.Language, StringComparison.Ordinal))
            .SelectMany(project => project.Documents),
        FixAllScope.Project => context.Project.Documents,
        _ => context.Document is { } document ? [document] : [],
    };
}
