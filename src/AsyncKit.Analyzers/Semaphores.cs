using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Compares the expressions that semaphores are used through.</summary>
internal static class Semaphores
{
    /// <summary>Whether two expressions are the same local, parameter or field of the same object. Other expressions
    /// may have another value each time.</summary>
    public static bool AreSame(IOperation left, IOperation right) => (left.Unwrap(), right.Unwrap()) switch
    {
        (ILocalReferenceOperation one, ILocalReferenceOperation other) =>
            SymbolEqualityComparer.Default.Equals(one.Local, other.Local),
        (IParameterReferenceOperation one, IParameterReferenceOperation other) =>
            SymbolEqualityComparer.Default.Equals(one.Parameter, other.Parameter),
        (IFieldReferenceOperation one, IFieldReferenceOperation other) =>
            SymbolEqualityComparer.Default.Equals(one.Field, other.Field)
            && (one.Instance is null || (other.Instance is not null && AreSame(one.Instance, other.Instance))),
        (IInstanceReferenceOperation one, IInstanceReferenceOperation other) => one.ReferenceKind == other.ReferenceKind,
        _ => false,
    };

    /// <summary>Whether the semaphore starts without a permit. A release is then a signal and needs no wait before
    /// it.</summary>
    public static bool IsSignal(IOperation semaphore, CancellationToken cancellationToken)
    {
        var unwrapped = semaphore.Unwrap();
        return unwrapped switch
        {
            IFieldReferenceOperation { Field: var field } => Scopes(field.ContainingType, cancellationToken)
                .Any(scope => CreatesSignal(scope, field.Name)),
            ILocalReferenceOperation { Local: var local } => CreatesSignal(semaphore.Root().Syntax, local.Name),
            IParameterReferenceOperation { Parameter: var parameter } =>
                CreatesSignal(semaphore.Root().Syntax, parameter.Name),
            _ => true,
        };
    }

    private static IEnumerable<SyntaxNode> Scopes(INamedTypeSymbol type, CancellationToken cancellationToken) =>
        type.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax(cancellationToken));

    private static bool CreatesSignal(SyntaxNode scope, string name) => scope.DescendantNodes().Any(node => node switch
    {
        VariableDeclaratorSyntax declarator =>
            string.Equals(declarator.Identifier.ValueText, name, StringComparison.Ordinal)
            && StartsAtZero(declarator.Initializer?.Value),
        AssignmentExpressionSyntax { Left: var target } assignment =>
            string.Equals(NameOf(target), name, StringComparison.Ordinal) && StartsAtZero(assignment.Right),
        _ => false,
    });

    private static string? NameOf(ExpressionSyntax target) => target switch
    {
        IdentifierNameSyntax identifier => identifier.Identifier.ValueText,
        MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
        _ => null,
    };

    private static bool StartsAtZero(ExpressionSyntax? value) =>
        value is BaseObjectCreationExpressionSyntax { ArgumentList.Arguments: { Count: > 0 } arguments }
        && arguments[0].Expression is LiteralExpressionSyntax { Token.Value: 0 };
}
