using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Passes a token to a call that takes one and did not get it.</summary>
internal static class TokenArguments
{
    private const string TokenType = "System.Threading.CancellationToken";

    public static bool IsToken(ITypeSymbol? type) =>
        string.Equals(type?.ToDisplayString(), TokenType, StringComparison.Ordinal);

    /// <summary>Whether a token is a variable, or a property of one such as <c>source.Token</c>, that may be
    /// cancelled.</summary>
    public static bool IsVariable(ExpressionSyntax token, SemanticModel model, CancellationToken cancellationToken) =>
        token.DescendantNodesAndSelf().All(node =>
            node is IdentifierNameSyntax or ThisExpressionSyntax or MemberAccessExpressionSyntax { RawKind: (int)SyntaxKind.SimpleMemberAccessExpression })
        && model.GetSymbolInfo(token, cancellationToken).Symbol is not IPropertySymbol { IsStatic: true };

    /// <summary>The parameter that is a token at a position, or null if the number of such parameters is not
    /// one.</summary>
    public static ISymbol? InScope(SemanticModel model, int position)
    {
        var tokens = model.LookupSymbols(position).OfType<IParameterSymbol>().Where(parameter => IsToken(parameter.Type)).ToList();
        return tokens.Count == 1 ? tokens[0] : null;
    }

    /// <summary>The code with the token in each of its calls that takes one and did not get it.</summary>
    public static TNode PassOn<TNode>(TNode code, SemanticModel model, string token, CancellationToken cancellationToken)
        where TNode : SyntaxNode =>
        code.ReplaceNodes(
            code.OwnNodes().OfType<InvocationExpressionSyntax>()
                .Where(call => Add(call, model, token, cancellationToken) is not null),
            (original, changed) => Add(original, model, token, cancellationToken) is { } added
                ? changed.WithArgumentList(With(
                    changed.ArgumentList, token, added.ArgumentList.Arguments.Last().NameColon?.Name.Identifier.ValueText))
                : changed);

    /// <summary>The call with the token as its last argument, or null if it has a token already or takes none.</summary>
    public static InvocationExpressionSyntax? Add(
        InvocationExpressionSyntax call, SemanticModel model, string token, CancellationToken cancellationToken)
    {
        var arguments = call.ArgumentList.Arguments;
        if (model.GetSymbolInfo(call, cancellationToken).Symbol is not IMethodSymbol method
            || arguments.Any(argument => IsToken(model.GetTypeInfo(argument.Expression, cancellationToken).Type)
                || argument.NameColon?.Name.Identifier.ValueText is "cancellationToken"))
        {
            return null;
        }

        if (method.Parameters.LastOrDefault() is { IsOptional: true } last && IsToken(last.Type))
        {
            return Append(call, token, arguments.Count < method.Parameters.Length - 1 || HasNames(arguments) ? last.Name : null);
        }

        return LongerOverload(method) is { } overload
            ? Append(call, token, HasNames(arguments) ? overload.Parameters.Last().Name : null)
            : null;
    }

    /// <summary>Whether a method takes a token after its parameters, in the same or in another overload.</summary>
    public static bool TakesToken(IMethodSymbol method) =>
        (method.Parameters.LastOrDefault() is { IsOptional: true } last && IsToken(last.Type)) || LongerOverload(method) is not null;

    private static bool HasNames(SeparatedSyntaxList<ArgumentSyntax> arguments) =>
        arguments.Any(argument => argument.NameColon is not null);

    /// <summary>The overload that has the same parameters and a token after them, or null.</summary>
    private static IMethodSymbol? LongerOverload(IMethodSymbol method)
    {
        var original = (method.ReducedFrom ?? method).OriginalDefinition;
        return original.Parameters.LastOrDefault()?.IsParams == true
            ? null
            : original.ContainingType.GetMembers(original.Name).OfType<IMethodSymbol>().FirstOrDefault(other =>
                other.Parameters.Length == original.Parameters.Length + 1
                && other.TypeParameters.Length == original.TypeParameters.Length
                && other.IsStatic == original.IsStatic
                && other.DeclaredAccessibility == original.DeclaredAccessibility
                && IsToken(other.Parameters[other.Parameters.Length - 1].Type)
                && original.Parameters.Zip(other.Parameters, AreSame).All(same => same));
    }

    private static bool AreSame(IParameterSymbol one, IParameterSymbol other) =>
        one.RefKind == other.RefKind
        && string.Equals(one.Type.ToDisplayString(), other.Type.ToDisplayString(), StringComparison.Ordinal);

    /// <summary>The arguments with the token after them, by name if a parameter is given.</summary>
    public static ArgumentListSyntax With(ArgumentListSyntax list, string token, string? parameter)
    {
        var argument = SyntaxFactory.Argument(SyntaxFactory.IdentifierName(token));
        if (parameter is not null)
        {
            argument = argument.WithNameColon(
                SyntaxFactory.NameColon(parameter).WithTrailingTrivia(SyntaxFactory.Space));
        }

        var separators = list.Arguments.GetSeparators().ToList();
        if (list.Arguments.Count > 0)
        {
            separators.Add(SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space));
        }

        return list.WithArguments(SyntaxFactory.SeparatedList(list.Arguments.Append(argument), separators));
    }

    /// <summary>The arguments with the token at a position.</summary>
    public static ArgumentListSyntax With(ArgumentListSyntax list, string token, int position) =>
        list.WithArguments(SyntaxFactory.SeparatedList(
            list.Arguments.Insert(position, SyntaxFactory.Argument(SyntaxFactory.IdentifierName(token))),
            list.Arguments.GetSeparators().Append(SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space))));

    private static InvocationExpressionSyntax Append(InvocationExpressionSyntax call, string token, string? parameter) =>
        call.WithArgumentList(With(call.ArgumentList, token, parameter));
}
