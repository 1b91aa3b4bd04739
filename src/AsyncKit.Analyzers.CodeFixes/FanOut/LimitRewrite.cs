using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Rewrites a call of Task.WhenAll that a semaphore limits: the fan-out takes the number of permits, and the
/// semaphore goes.</summary>
internal static class LimitRewrite
{
    public static SyntaxNode? Apply(
        SyntaxNode root, SemanticModel model, HandWrittenLimit found, CancellationToken cancellationToken)
    {
        var lambda = (IAnonymousFunctionOperation)found.WhenAll.Selector;
        var syntax = (LambdaExpressionSyntax)lambda.Syntax;
        if (syntax is not { Block: { } block, AttributeLists.Count: 0 }
            || syntax is ParenthesizedLambdaExpressionSyntax { ReturnType: not null }
            || OperationToken.For(found.Work, lambda, found.WhenAll.Boundary, model, cancellationToken) is not { } token
            || found.WhenAll.Call.Syntax.FirstAncestorOrSelf<StatementSyntax>() is not { } statement)
        {
            return null;
        }

        var operation = FanOutCall.Lambda(
            syntax.Modifiers, syntax.Parameters()[0], token.Name, syntax.ArrowToken.TrailingTrivia, Body(block, found.Work, token));
        var call = found.WhenAll.Call.Syntax;
        var fanOut = FanOutCall.Build(
            CallRewrite.MethodOf(found.WhenAll), found.Limit, CallRewrite.AtCall(operation, syntax, call), token.Outer);
        var tasks = found.WhenAll.Tasks?.Syntax.FirstAncestorOrSelf<LocalDeclarationStatementSyntax>();
        var rewritten = statement.ReplaceNode(call, fanOut.WithTriviaFrom(call));
        rewritten = rewritten.WithCommentsOf([statement], root.LineBreak());
        if (tasks is not null)
        {
            rewritten = rewritten.WithCommentsOf([tasks], root.LineBreak());
        }

        return Replace(root, found, statement, rewritten, tasks).WithImport(model, call.SpanStart, Imports.AsyncKit);
    }

    private static SyntaxNode Replace(
        SyntaxNode root, HandWrittenLimit found, StatementSyntax statement, StatementSyntax rewritten, StatementSyntax? tasks)
    {
        // The tasks first: what follows the semaphore gets its comments, and must stay.
        List<SyntaxNode> removed = tasks is null ? [] : [tasks];
        removed.AddRange(found.Disposals);
        if (found.Declaration is LocalDeclarationStatementSyntax)
        {
            removed.Add(found.Declaration);
        }

        var changed = root.TrackNodes(removed.Append(statement).Append(found.Declaration).Distinct());
        changed = changed.ReplaceNode(changed.GetCurrentNode(statement)!, rewritten);
        foreach (var node in removed)
        {
            changed = Statements.Remove(changed, (StatementSyntax)changed.GetCurrentNode(node)!, keepComments: node != tasks);
        }

        return found.Declaration is UsingStatementSyntax && changed.GetCurrentNode(found.Declaration) is UsingStatementSyntax scope
            ? Statements.Unwrap(changed, scope)
            : changed;
    }

    /// <summary>The block of the try in place of that of the lambda, or the try without its finally.</summary>
    private static BlockSyntax Body(BlockSyntax block, TryStatementSyntax work, OperationToken token)
    {
        if (work.Catches.Count > 0)
        {
            var rest = token.PassIn(work);
            return block.WithStatements(SyntaxFactory.SingletonList<StatementSyntax>(
                rest.WithFinally(null).WithCatches(rest.Catches.Replace(
                    rest.Catches.Last(), rest.Catches.Last().WithTrailingTrivia(work.GetTrailingTrivia())))));
        }

        var inner = Indentation.Remove(token.PassIn(work.Block), IndentationOf(work, block));
        var isOneLine = !work.Block.OpenBraceToken.TrailingTrivia.Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia));
        if (isOneLine && block.OpenBraceToken.TrailingTrivia.Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia)))
        {
            var lineBreak = work.SyntaxTree.GetRoot().LineBreak();
            inner = inner
                .WithOpenBraceToken(block.OpenBraceToken)
                .WithStatements(SyntaxFactory.List(inner.Statements.Select(statement => statement
                    .WithLeadingTrivia(work.Indentation())
                    .WithTrailingTrivia(lineBreak))));
        }

        return inner
            .WithOpenBraceToken(inner.OpenBraceToken.WithLeadingTrivia(block.OpenBraceToken.LeadingTrivia))
            .WithCloseBraceToken(block.CloseBraceToken.WithLeadingTrivia(isOneLine
                ? block.CloseBraceToken.LeadingTrivia
                : inner.CloseBraceToken.LeadingTrivia));
    }

    private static int IndentationOf(TryStatementSyntax work, BlockSyntax block) =>
        work.Block.Statements.Count > 0
        && work.Block.OpenBraceToken.TrailingTrivia.Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia))
            ? Indentation.Difference(work.Block.Statements[0], block.Statements[0])
            : 0;
}
