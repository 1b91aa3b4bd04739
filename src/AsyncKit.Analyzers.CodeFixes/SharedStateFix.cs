using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Simplification;

namespace AsyncKit.Analyzers;

/// <summary>AK0006: returns the item that the operation adds to a list, or counts with Interlocked.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class SharedStateFix() : RuleFix("Do not share unsafe state", Rules.SharedState.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model, node) = (target.Root, target.Model, target.Node);
        var expression = node.FirstAncestorOrSelf<ExpressionSyntax>();
        var changed = expression is InvocationExpressionSyntax add
            ? AddedItems.Return(root, model, add, cancellationToken)
            : expression is null ? null : Count(root, model, expression, cancellationToken);
        return Task.FromResult(target.With(changed));
    }

    /// <summary>An increment, a decrement or an addition whose value is dropped.</summary>
    private static SyntaxNode? Count(
        SyntaxNode root, SemanticModel model, ExpressionSyntax expression, CancellationToken cancellationToken)
    {
        var (method, target, amount) = expression switch
        {
            PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PostIncrementExpression } step => ("Increment", step.Operand, null),
            PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression } step => ("Increment", step.Operand, null),
            PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PostDecrementExpression } step => ("Decrement", step.Operand, null),
            PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreDecrementExpression } step => ("Decrement", step.Operand, null),
            AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.AddAssignmentExpression } sum => ("Add", sum.Left, sum.Right),
            AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SubtractAssignmentExpression } sum =>
                ("Add", sum.Left, SyntaxFactory.PrefixUnaryExpression(SyntaxKind.UnaryMinusExpression, sum.Right.AsOperand())),
            _ => default((string, ExpressionSyntax, ExpressionSyntax?)),
        };
        var isCounter = target is not null
            && expression.Parent is ExpressionStatementSyntax
            && model.GetTypeInfo(target, cancellationToken).Type?.SpecialType
                is SpecialType.System_Int32 or SpecialType.System_Int64
            && model.GetSymbolInfo(target, cancellationToken).Symbol is IFieldSymbol or ILocalSymbol or IParameterSymbol;
        return isCounter
            ? root.ReplaceNode(expression, Interlocked(method!, target!, amount).WithTriviaFrom(expression))
            : null;
    }

    private static InvocationExpressionSyntax Interlocked(string method, ExpressionSyntax target, ExpressionSyntax? amount)
    {
        var reference = SyntaxFactory.Argument(
            null,
            SyntaxFactory.Token(SyntaxKind.RefKeyword).WithTrailingTrivia(SyntaxFactory.Space),
            target.WithoutTrivia());
        var arguments = amount is null
            ? SyntaxFactory.SingletonSeparatedList(reference)
            : SyntaxFactory.SeparatedList(
                [reference, SyntaxFactory.Argument(amount.WithoutTrivia())],
                [SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space)]);
        return SyntaxFactory.InvocationExpression(
            SyntaxFactory.ParseExpression("global::System.Threading.Interlocked." + method)
                .WithAdditionalAnnotations(Simplifier.Annotation),
            SyntaxFactory.ArgumentList(arguments));
    }
}
