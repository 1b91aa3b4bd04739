using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Writes the declaration and the filter of a catch as a function of the exception.</summary>
internal static class RetryFilter
{
    private const string Any = "System.Exception";
    private const string Cancellation = "System.OperationCanceledException";

    /// <summary>Null if the catch handles cancellations, which Retry never retries, unless they are only some of its
    /// exceptions and that is accepted.</summary>
    public static string? Of(
        CatchDeclarationSyntax? declaration,
        List<ExpressionSyntax> conditions,
        SemanticModel model,
        bool mayCatchCancellation,
        CancellationToken cancellationToken)
    {
        var type = declaration is null
            ? model.Compilation.GetTypeByMetadataName(Any)
            : model.GetTypeInfo(declaration.Type, cancellationToken).Type;
        if (type is null || model.Compilation.GetTypeByMetadataName(Cancellation) is not { } cancelled || Derives(type, cancelled))
        {
            return null;
        }

        var name = declaration?.Identifier.ValueText ?? "";
        if (!mayCatchCancellation
            && Derives(cancelled, type)
            && !conditions.Exists(condition => Excludes(condition, name, cancelled, model, cancellationToken)))
        {
            return null;
        }

        if (string.Equals(type.ToDisplayString(), Any, StringComparison.Ordinal))
        {
            return (Uses(conditions, name) ? name : "_") + " => " + (conditions.Count == 0 ? "true" : Join(conditions));
        }

        var parameter = Uses(conditions, "exception") || name is "exception" ? "failure" : "exception";
        var pattern = parameter + " is " + declaration!.Type.WithoutTrivia() + (Uses(conditions, name) ? " " + name : "");
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
