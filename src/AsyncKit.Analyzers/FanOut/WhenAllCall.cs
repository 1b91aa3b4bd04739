using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>An awaited <c>Task.WhenAll(source.Select(selector))</c>, even through ToArray or ToList, or
/// through a local that has no other use.</summary>
internal sealed class WhenAllCall
{
    private WhenAllCall(IInvocationOperation call, IVariableDeclaratorOperation? tasks, IInvocationOperation select, IOperation selector)
    {
        Call = call;
        Tasks = tasks;
        Select = select;
        Source = select.Arguments[0].Value.AsWritten();
        Selector = selector;
        Boundary = new(selector.Syntax);
    }

    public IInvocationOperation Call { get; }

    /// <summary>The declaration of the local, or null.</summary>
    public IVariableDeclaratorOperation? Tasks { get; }

    public IInvocationOperation Select { get; }

    public IOperation Source { get; }

    /// <summary>A lambda or a method group.</summary>
    public IOperation Selector { get; }

    public IAnonymousFunctionOperation? Lambda => Selector as IAnonymousFunctionOperation;

    /// <summary>The border of the selector.</summary>
    public Boundary Boundary { get; }

    public static WhenAllCall? Of(IInvocationOperation call, KnownSymbols symbols)
    {
        if (call is not { TargetMethod.Name: "WhenAll", Arguments.Length: 1, Syntax: InvocationExpressionSyntax { ArgumentList.Arguments.Count: 1 } }
            || symbols.OwnerOf(call.TargetMethod) is not KnownSymbols.Task
            || call.AwaitOf() is null)
        {
            return null;
        }

        var value = call.Arguments[0].Value.Unwrap();
        IVariableDeclaratorOperation? tasks = null;
        if (value is ILocalReferenceOperation { Local: var local })
        {
            tasks = DeclarationOf(local, value);
            value = tasks?.GetVariableInitializer()?.Value.Unwrap();
        }

        if (value is IInvocationOperation { TargetMethod.Name: "ToArray" or "ToList", Arguments.Length: 1 } list
            && symbols.OwnerOf(list.TargetMethod) is KnownSymbols.Enumerable)
        {
            value = list.Arguments[0].Value.Unwrap();
        }

        return value is IInvocationOperation { TargetMethod: { Name: "Select" } method, Arguments: { Length: 2 } arguments } select
            && symbols.OwnerOf(method) is KnownSymbols.Enumerable
            && select.Syntax is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax, ArgumentList.Arguments.Count: 1 }
            && arguments[1].Value.Unwrap() is IDelegateCreationOperation { Target: var selector, Type: INamedTypeSymbol { TypeArguments.Length: 2 } }
            && selector is IAnonymousFunctionOperation { Syntax: LambdaExpressionSyntax } or IMethodReferenceOperation
            && Sources.IsSequenceOf(arguments[0].Value.AsWritten(), method.TypeArguments[0], symbols)
                ? new(call, tasks, select, selector)
                : null;
    }

    /// <summary>Whether something that the selector does would be wrong if several run on different threads.</summary>
    public bool SharesState(KnownSymbols symbols) => Lambda is { } lambda
        && lambda.Descendants().Any(part =>
            (IsUnsafeWrite(part, symbols) && !part.AncestorsUpTo(lambda).Any(ancestor => ancestor is ILockOperation))
            || (part is ILocalReferenceOperation or IParameterReferenceOperation or IMemberReferenceOperation
                && SerialTypes.IsSerial(part.Type, symbols)
                && !Boundary.Owns(part)));

    /// <summary>Whether several selectors run at the same time already, in the operation of another call.</summary>
    public bool IsInOperation(KnownSymbols symbols) => Call.AncestorsUpTo(Call.Root()).OfType<IAnonymousFunctionOperation>()
        .Any(lambda => OperationCall.Of(lambda, symbols) is not null || Concurrency.IsSelectorOfWhenAll(lambda, symbols));

    private bool IsUnsafeWrite(IOperation part, KnownSymbols symbols) => part switch
    {
        IInvocationOperation call => SharedStateAnalyzer.StateOf(call, symbols) is { } state && !Boundary.Owns(state),
        IAssignmentOperation { Target: IPropertyReferenceOperation { Property.IsIndexer: true, Instance: { } collection } } =>
            symbols.NameOf(collection.Type) is KnownSymbols.Dictionary or KnownSymbols.SortedDictionary or KnownSymbols.SortedList
            && !Boundary.Owns(collection),
        ICompoundAssignmentOperation { Target: var target } => IsVariable(target) && !Boundary.Owns(target),
        IIncrementOrDecrementOperation { Target: var target } => IsVariable(target) && !Boundary.Owns(target),
        _ => false,
    };

    private static bool IsVariable(IOperation target) =>
        target is ILocalReferenceOperation or IParameterReferenceOperation or IFieldReferenceOperation;

    /// <summary>The declaration of a local whose only use is the given one, or null.</summary>
    private static IVariableDeclaratorOperation? DeclarationOf(ILocalSymbol local, IOperation use)
    {
        var operations = use.Root().Descendants().ToList();
        return operations.OfType<ILocalReferenceOperation>().Count(other => SymbolEqualityComparer.Default.Equals(other.Local, local)) == 1
            ? operations.OfType<IVariableDeclaratorOperation>()
                .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local))
            : null;
    }
}
