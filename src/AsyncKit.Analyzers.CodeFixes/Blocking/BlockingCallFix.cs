using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>AK0008: awaits the call on a dedicated thread, or enumerates the collection there.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class BlockingCallFix() : RuleFix("Block a dedicated thread instead", Rules.BlockingCall.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        if (target.Node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is not { } call || !CanMove(call))
        {
            return Task.FromResult<Document?>(null);
        }

        var token = TokenOf(call, target.Model, cancellationToken);
        var changed = LoopOver(call) is { } loop
            ? Enumerate(target.Root, loop, token)
            : Await(target.Root, call, token);
        return Task.FromResult(target.With(changed?.WithImport(target.Model, call.SpanStart, Imports.AsyncKit)));
    }

    /// <summary>Whether a lambda on another thread can make the call.</summary>
    private static bool CanMove(InvocationExpressionSyntax call) => call.OwnNodes().All(node => node switch
    {
        AwaitExpressionSyntax or DeclarationExpressionSyntax or SingleVariableDesignationSyntax => false,
        ArgumentSyntax argument => argument.RefKindKeyword.IsKind(SyntaxKind.None),
        IdentifierNameSyntax { Identifier.ValueText: "CurrentThread" } => false,
        _ => true,
    });

    private static CommonForEachStatementSyntax? LoopOver(InvocationExpressionSyntax call)
    {
        SyntaxNode value = call;
        while (value.Parent is ParenthesizedExpressionSyntax)
        {
            value = value.Parent;
        }

        return value.Parent is CommonForEachStatementSyntax loop && loop.Expression == value ? loop : null;
    }

    private static SyntaxNode? Await(SyntaxNode root, InvocationExpressionSyntax call, string? token)
    {
        ExpressionSyntax whole = call;
        while (whole.Parent is ConditionalAccessExpressionSyntax access && access.WhenNotNull == whole)
        {
            whole = access;
        }

        if (whole == call && IsPartOfConditionalAccess(call))
        {
            return null; // The lambda would have to contain more than the call.
        }

        var arguments = "(() => " + whole.WithoutTrivia().ToFullString() + (token is null ? ")" : ", " + token + ")");
        var awaited = Generated.Expression("await global::AsyncKit.Offload.RunAsync" + arguments);
        return root.ReplaceNode(
            whole,
            (IsReceiver(whole) ? SyntaxFactory.ParenthesizedExpression(awaited) : awaited).WithTriviaFrom(whole));
    }

    private static bool IsPartOfConditionalAccess(InvocationExpressionSyntax call) =>
        call.DescendantNodes().OfType<MemberBindingExpressionSyntax>().Any(binding =>
            binding.FirstAncestorOrSelf<ConditionalAccessExpressionSyntax>() is { } access
            && !call.Span.Contains(access.Span));

    private static bool IsReceiver(ExpressionSyntax expression) => expression.Parent switch
    {
        MemberAccessExpressionSyntax or ElementAccessExpressionSyntax or InvocationExpressionSyntax
            or PostfixUnaryExpressionSyntax => true,
        ConditionalAccessExpressionSyntax access => access.Expression == expression,
        _ => false,
    };

    /// <summary>Null for a loop that may leave items: the lane reads ahead, and those items would be lost.</summary>
    private static SyntaxNode? Enumerate(SyntaxNode root, CommonForEachStatementSyntax loop, string? token)
    {
        if (loop.Statement.MayLeave())
        {
            return null;
        }

        var items = loop.Expression.WithoutTrivia().ToFullString() + (token is null ? "" : ", " + token);
        var stream = Generated.Expression("global::AsyncKit.BlockingLane.Shared.Enumerate(" + items + ")")
            .WithTriviaFrom(loop.Expression);
        var keyword = SyntaxFactory.Token(SyntaxKind.AwaitKeyword)
            .WithLeadingTrivia(loop.ForEachKeyword.LeadingTrivia)
            .WithTrailingTrivia(SyntaxFactory.Space);
        var changed = loop.ReplaceNode(loop.Expression, stream);
        return root.ReplaceNode(loop, changed switch
        {
            ForEachStatementSyntax each => each.WithForEachKeyword(each.ForEachKeyword.WithLeadingTrivia()).WithAwaitKeyword(keyword),
            ForEachVariableStatementSyntax each =>
                each.WithForEachKeyword(each.ForEachKeyword.WithLeadingTrivia()).WithAwaitKeyword(keyword),
            _ => changed,
        });
    }

    /// <summary>The token that the call gets, if it is a variable, or null.</summary>
    private static string? TokenOf(InvocationExpressionSyntax call, SemanticModel model, CancellationToken cancellationToken) =>
        call.ArgumentList.Arguments
            .Select(argument => argument.Expression)
            .Where(argument => TokenArguments.IsToken(model.GetTypeInfo(argument, cancellationToken).ConvertedType))
            .Where(argument => TokenArguments.IsVariable(argument, model, cancellationToken))
            .Select(argument => argument.WithoutTrivia().ToString())
            .FirstOrDefault();
}
