using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Completes a lambda that a fan-out refuses because it takes no token: adds the token and passes it
/// on.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class OneParameterLambdaFix() : RuleFix("Take the token and pass it on", "CS1593", "CS0411")
{
    private const string Discard = "_";

    private protected override bool MustRemoveAnError => true;

    private protected override async Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model, node) = (target.Root, target.Model, target.Node);
        if (LambdaAt(node) is not { } lambda
            || lambda.Parent is not ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call }
            || Missing(call, model, cancellationToken) != lambda.Parameters().Count)
        {
            return null;
        }

        var scoped = TokenArguments.InScope(model, lambda.SpanStart);
        var name = scoped?.Name ?? "cancellationToken";
        var outerIsUsed = scoped is not null && lambda.Body.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
            .Any(use => string.Equals(use.Identifier.ValueText, name, StringComparison.Ordinal));
        var annotation = new SyntaxAnnotation();
        var withToken = target.Document.WithSyntaxRoot(
            root.ReplaceNode(lambda, WithParameter(lambda, name).WithAdditionalAnnotations(annotation)));
        return await PassOnAsync(withToken, annotation, name, outerIsUsed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The compiler reports the arrow of the lambda, or the name of the method.</summary>
    private static LambdaExpressionSyntax? LambdaAt(SyntaxNode node) =>
        node as LambdaExpressionSyntax
        ?? node.FirstAncestorOrSelf<InvocationExpressionSyntax>()?.ArgumentList.Arguments
            .Select(argument => argument.Expression).OfType<LambdaExpressionSyntax>().FirstOrDefault();

    /// <summary>How many parameters a lambda for the call has if only its token is missing; 0 for another call.</summary>
    private static int Missing(InvocationExpressionSyntax call, SemanticModel model, CancellationToken cancellationToken)
    {
        var method = model.GetMemberGroup(call.Expression, cancellationToken).OfType<IMethodSymbol>().FirstOrDefault();
        if (method?.Name.StartsWith("FanOut", StringComparison.Ordinal) != true
            || KnownSymbols.Of(model.Compilation) is not { } symbols)
        {
            return 0;
        }

        return symbols.OwnerOf(method) switch
        {
            KnownSymbols.FanOut => 1,
            KnownSymbols.PerWorker => 2,
            _ => 0,
        };
    }

    private static LambdaExpressionSyntax WithParameter(LambdaExpressionSyntax lambda, string name)
    {
        var isTyped = lambda.Parameters().All(parameter => parameter.Type is not null);
        var added = SyntaxFactory.Parameter(SyntaxFactory.Identifier(name));
        if (isTyped)
        {
            added = added.WithType(SyntaxFactory.IdentifierName("CancellationToken").WithTrailingTrivia(SyntaxFactory.Space));
        }

        var old = lambda.Parameters();
        var list = SyntaxFactory.SeparatedList(
            old.Take(old.Count - 1).Append(old[old.Count - 1].WithoutTrivia()).Append(added),
            Enumerable.Repeat(SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space), old.Count));
        return lambda switch
        {
            ParenthesizedLambdaExpressionSyntax parenthesized =>
                parenthesized.WithParameterList(parenthesized.ParameterList.WithParameters(list)),
            SimpleLambdaExpressionSyntax simple => SyntaxFactory.ParenthesizedLambdaExpression(
                simple.AttributeLists,
                simple.Modifiers,
                returnType: null,
                SyntaxFactory.ParameterList(list).WithTrailingTrivia(simple.Parameter.GetTrailingTrivia()),
                simple.ArrowToken,
                simple.Block,
                simple.ExpressionBody),
            _ => lambda,
        };
    }

    private static async Task<Document?> PassOnAsync(
        Document document, SyntaxAnnotation annotation, string name, bool outerIsUsed, CancellationToken cancellationToken)
    {
        var root = await document.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false);
        var model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        if (root?.GetAnnotatedNodes(annotation).FirstOrDefault() is not LambdaExpressionSyntax lambda || model is null)
        {
            return null;
        }

        var rewritten = TokenArguments.PassOn(lambda, model, name, cancellationToken);
        if (!outerIsUsed && rewritten.IsEquivalentTo(lambda))
        {
            var parameters = rewritten.Parameters();
            rewritten = rewritten.ReplaceToken(
                parameters[parameters.Count - 1].Identifier, SyntaxFactory.Identifier(Discard));
        }

        var call = (InvocationExpressionSyntax)lambda.Parent!.Parent!.Parent!;
        var completed = call.ReplaceNode(lambda, rewritten);
        if (outerIsUsed && !call.ArgumentList.Arguments.Any(argument => argument.Expression != lambda
            && TokenArguments.IsToken(model.GetTypeInfo(argument.Expression, cancellationToken).Type)))
        {
            completed = completed.WithArgumentList(TokenArguments.With(completed.ArgumentList, name, parameter: null));
        }

        return document.WithSyntaxRoot(root.ReplaceNode(call, completed));
    }
}
