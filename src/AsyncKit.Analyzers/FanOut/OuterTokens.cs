using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Finds the tokens that code uses and did not create. In an operation, its own token replaces them.</summary>
internal static class OuterTokens
{
    public static IReadOnlyList<ExpressionSyntax> UsedBy(IOperation code, Boundary boundary, KnownSymbols symbols) =>
    [
        .. code.DescendantsAndSelf()
            .Where(value => value is ILocalReferenceOperation or IParameterReferenceOperation or IFieldReferenceOperation or IPropertyReferenceOperation
                && symbols.Is(value.Type, KnownSymbols.CancellationToken)
                && value is not IPropertyReferenceOperation { Property: { Name: "None", IsStatic: true } }
                && !boundary.Owns(value))
            .Select(value => value.Syntax)
            .OfType<ExpressionSyntax>(),
    ];

    /// <summary>Whether there is at most one token.</summary>
    public static bool AreOne(IReadOnlyList<ExpressionSyntax> tokens) =>
        tokens.Select(token => token.ToString()).Distinct(StringComparer.Ordinal).Count() <= 1;
}
