using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Finds out how an options object is made.</summary>
internal static class Creations
{
    /// <summary>The creation that a value is, or that is the initial value of a local that nothing changes; otherwise
    /// null.</summary>
    public static IObjectCreationOperation? CreationOf(this IOperation value)
    {
        var unwrapped = value.Unwrap();
        return unwrapped is ILocalReferenceOperation { Local: var local } reference
            ? InitialValue(local, reference.Root())
            : unwrapped as IObjectCreationOperation;
    }

    /// <summary>The value that an object initializer sets a property to, or null.</summary>
    public static IOperation? ValueOf(this IObjectCreationOperation creation, string property) => creation.Initializer?
        .Initializers.OfType<ISimpleAssignmentOperation>()
        .FirstOrDefault(assignment => assignment.Target is IPropertyReferenceOperation target
            && string.Equals(target.Property.Name, property, StringComparison.Ordinal))
        ?.Value;

    /// <summary>The initial value of a local that is never assigned again; otherwise null.</summary>
    public static IOperation? InitialValueOfLocal(this IOperation value)
    {
        if (value.Unwrap() is not ILocalReferenceOperation { Local: var local } reference)
        {
            return null;
        }

        var operations = reference.Root().Descendants().ToList();
        return operations.OfType<IAssignmentOperation>().Any(assignment => IsUse(assignment.Target, local))
            ? null
            : operations.OfType<IVariableDeclaratorOperation>()
                .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local))
                ?.GetVariableInitializer()?.Value.Unwrap();
    }

    private static bool IsUse(IOperation operation, ILocalSymbol local) =>
        operation is ILocalReferenceOperation use && SymbolEqualityComparer.Default.Equals(use.Local, local);

    private static IObjectCreationOperation? InitialValue(ILocalSymbol local, IOperation root)
    {
        IObjectCreationOperation? creation = null;
        foreach (var operation in root.Descendants())
        {
            switch (operation)
            {
                case IVariableDeclaratorOperation declarator when SymbolEqualityComparer.Default.Equals(declarator.Symbol, local):
                    creation = declarator.GetVariableInitializer()?.Value.Unwrap() as IObjectCreationOperation;
                    break;
                case ILocalReferenceOperation reference when SymbolEqualityComparer.Default.Equals(reference.Local, local)
                    && reference.UsedBy() is not IArgumentOperation { Parameter.RefKind: RefKind.None }:
                    return null;
            }
        }

        return creation;
    }
}
