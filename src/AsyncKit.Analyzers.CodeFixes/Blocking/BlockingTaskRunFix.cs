using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>AK0007: runs the work on a dedicated thread.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class BlockingTaskRunFix() : RuleFix("Run the call with 'Offload.RunAsync'", Rules.BlockingTaskRun.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(target.With(target.Node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } run
            ? Rewrite(target.Root, target.Model, run)
            : null));

    internal static SyntaxNode Rewrite(SyntaxNode root, SemanticModel model, InvocationExpressionSyntax run)
    {
        var typeArguments = run.Expression.DescendantNodesAndSelf().OfType<GenericNameSyntax>()
            .FirstOrDefault(name => name.Identifier.ValueText is "Run")?.TypeArgumentList.ToString();
        var method = Generated.Expression("global::AsyncKit.Offload.RunAsync" + typeArguments).WithTriviaFrom(run.Expression);
        return root.ReplaceNode(run, run.WithExpression(method).WithArgumentList(WithNames(run.ArgumentList)))
            .WithImport(model, run.SpanStart, Imports.AsyncKit);
    }

    private static ArgumentListSyntax WithNames(ArgumentListSyntax list)
    {
        var named = list.Arguments
            .Select(argument => argument.NameColon?.Name)
            .FirstOrDefault(name => name?.Identifier.ValueText is "action" or "function");
        return named is null ? list : list.ReplaceNode(named, SyntaxFactory.IdentifierName("work").WithTriviaFrom(named));
    }
}
