using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Writes the declaration and the filter of a catch as a function of the exception.</summary>
internal static class RetryFilter
{
    private const string Cancellation = "System.OperationCanceledException";

    /// <summary>Null if the catch may handle a cancellation, which Retry never retries.</summary>
    public static string? Of(
        CatchDeclarationSyntax? declaration, List<ExpressionSyntax> conditions, SemanticModel model, CancellationToken cancellationToken)
    {
        if (declaration is null
            || model.GetTypeInfo(declaration.Type, cancellationToken).Type is not { } type
            || model.Compilation.GetTypeByMetadataName(Cancellation) is not { } cancelled)
        {
            return null;
        }

        var name = declaration.Identifier.ValueText;
        if ((Derives(cancelled, type) && !conditions.Exists(condition => Excludes(condition, name, cancelled, model, cancellationToken)))
            || Derives(type, cancelled))
        {
            return null;
        }

        var isAny = string.Equals(type.ToDisplayString(), "System.Exception", StringComparison.Ordinal);
        if (isAny && name.Length > 0)
        {
            return name + " => " + Join(conditions);
        }

        var parameter = Uses(conditions, "exception") || name is "exception" ? "failure" : "exception";
        var pattern = parameter + " is " + declaration.Type.WithoutTrivia() + (Uses(conditions, name) ? " " + name : "");
        return parameter + " => " + (conditions.Count == 0 ? pattern : pattern + " && " + Join(conditions));
    }

    private static string Join(List<ExpressionSyntax> conditions) =>
        string.Join(" && ", conditions.Select(condition => condition.WithoutTrivia().ToString()));

    private static bool Uses(List<ExpressionSyntax> conditions, string name) => conditions.Exists(condition =>
        condition.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
            .Any(use => string.Equals(use.Identifier.ValueText, name, StringComparison.Ordinal)));

    private static bool Derives(ITypeSymbol type, ITypeSymbol from)
    {
        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(current, from))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a condition is <c>exception is not OperationCanceledException</c>.</summary>
    private static bool Excludes(
        ExpressionSyntax condition, string name, ITypeSymbol cancelled, SemanticModel model, CancellationToken cancellationToken) =>
        condition is IsPatternExpressionSyntax
        {
            Expression: IdentifierNameSyntax tested,
            Pattern: UnaryPatternSyntax { RawKind: (int)SyntaxKind.NotPattern, Pattern: var pattern },
        }
        && string.Equals(tested.Identifier.ValueText, name, StringComparison.Ordinal)
        && (pattern switch
        {
            ConstantPatternSyntax constant => model.GetSymbolInfo(constant.Expression, cancellationToken).Symbol,
            TypePatternSyntax typed => model.GetSymbolInfo(typed.Type, cancellationToken).Symbol,
            _ => null,
        }) is ITypeSymbol excluded
        && SymbolEqualityComparer.Default.Equals(excluded, cancelled);
}
