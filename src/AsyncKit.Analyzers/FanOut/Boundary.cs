using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Separates the values that code declares or creates from those that exist outside of it: the border between an operation and the
/// state that all operations share.</summary>
internal sealed class Boundary(SyntaxNode code)
{
    /// <summary>Whether the code declares a local or a parameter.</summary>
    public bool Declares(ISymbol symbol) => symbol.DeclaringSyntaxReferences
        .Any(reference => reference.SyntaxTree == code.SyntaxTree && code.Span.Contains(reference.Span));

    /// <summary>Whether a value belongs to the code: what it declares, creates or gets from a call, and the parts of
    /// that.</summary>
    public bool Owns(IOperation value) => value.Unwrap() switch
    {
        ILocalReferenceOperation { Local: var local } => Declares(local),
        IParameterReferenceOperation { Parameter: var parameter } => Declares(parameter),
        IMemberReferenceOperation { Instance: { } instance } => Owns(instance),
        IArrayElementReferenceOperation { ArrayReference: { } array } => Owns(array),
        IInvocationOperation { Instance: { } instance } => Owns(instance),
        IInvocationOperation { TargetMethod.IsExtensionMethod: true, Arguments: { Length: > 0 } arguments } => Owns(arguments[0].Value),
        IInvocationOperation => true,
        IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ImplicitReceiver } => true,
        IConditionalAccessInstanceOperation part => part.AncestorsUpTo(part.Root()).OfType<IConditionalAccessOperation>()
            .FirstOrDefault() is { } access && Owns(access.Operation),
        IConditionalAccessOperation access => Owns(access.Operation),
        ICoalesceOperation either => Owns(either.Value) && Owns(either.WhenNull),
        ITupleOperation tuple => tuple.Elements.All(Owns),
        IDeclarationExpressionOperation declaration => Owns(declaration.Expression),
        IAwaitOperation or IObjectCreationOperation or IArrayCreationOperation or ILiteralOperation
            or IInterpolatedStringOperation or IBinaryOperation or IDiscardOperation or IAnonymousObjectCreationOperation
            or ICollectionExpressionOperation or IDefaultValueOperation => true,
        _ => false,
    };

    /// <summary>Whether an operation assigns something that does not belong to the code.</summary>
    public bool IsWrite(IOperation operation) => operation switch
    {
        IAssignmentOperation assignment => !Owns(assignment.Target),
        IIncrementOrDecrementOperation step => !Owns(step.Target),
        IArgumentOperation { Parameter.RefKind: RefKind.Ref or RefKind.Out } argument => !Owns(argument.Value),
        IEventAssignmentOperation or IAddressOfOperation => true,
        _ => false,
    };

    /// <summary>Whether a lambda cannot capture what an operation reads: a ref local, a ref struct or this of a
    /// struct.</summary>
    public bool IsUncapturable(IOperation operation) => operation switch
    {
        ILocalReferenceOperation { Local: var local } =>
            !Declares(local) && (local.RefKind != RefKind.None || local.Type.IsRefLikeType),
        IParameterReferenceOperation { Parameter: var parameter } => !Declares(parameter)
            && (parameter.RefKind != RefKind.None
                || parameter.Type.IsRefLikeType
                || parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.Constructor, ContainingType.IsValueType: true }),
        IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance, Type: var type } =>
            type?.IsValueType == true,
        _ => false,
    };
}
