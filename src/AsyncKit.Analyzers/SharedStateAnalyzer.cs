using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0006: state that is not thread-safe, changed by operations that run at the same time.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SharedStateAnalyzer() : RuleAnalyzer(Rules.SharedState)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols)
    {
        context.RegisterOperationAction(
            call =>
            {
                if (call.Operation.Function() is IAnonymousFunctionOperation) // Cheaper than the search for the type.
                {
                    Check(call, StateOf((IInvocationOperation)call.Operation, symbols), call.Operation, symbols);
                }
            },
            OperationKind.Invocation);
        context.RegisterOperationAction(
            assignment => CheckTarget(assignment, ((IAssignmentOperation)assignment.Operation).Target, symbols),
            OperationKind.SimpleAssignment,
            OperationKind.CoalesceAssignment,
            OperationKind.CompoundAssignment);
        context.RegisterOperationAction(
            step => CheckTarget(step, ((IIncrementOrDecrementOperation)step.Operation).Target, symbols),
            OperationKind.Increment,
            OperationKind.Decrement);
    }

    private void CheckTarget(OperationAnalysisContext context, IOperation target, KnownSymbols symbols)
    {
        if (target is IPropertyReferenceOperation { Property.IsIndexer: true, Instance: { } collection })
        {
            if (symbols.NameOf(collection.Type) is KnownSymbols.Dictionary or KnownSymbols.SortedDictionary
                or KnownSymbols.SortedList or KnownSymbols.StringBuilder)
            {
                Check(context, collection.Receiver(), target, symbols);
            }
        }
        else if (context.Operation is IIncrementOrDecrementOperation
            or ICompoundAssignmentOperation { OperatorKind: BinaryOperatorKind.Add or BinaryOperatorKind.Subtract })
        {
            Check(context, target, context.Operation, symbols);
        }
    }

    private void Check(OperationAnalysisContext context, IOperation? state, IOperation expression, KnownSymbols symbols)
    {
        if (state is not null
            && expression.Function() is IAnonymousFunctionOperation lambda
            && IsCaptured(state.Unwrap(), lambda)
            && Concurrency.IsConcurrent(expression, lambda, symbols)
            && !Exclusion.MayApply(expression, lambda))
        {
            context.ReportDiagnostic(Report(expression.Syntax, state.Text()));
        }
    }

    /// <summary>The object that a call changes or that serves one call at a time, or null.</summary>
    internal static IOperation? StateOf(IInvocationOperation call, KnownSymbols symbols)
    {
        if (call.Instance is { } instance)
        {
            return Mutates(call.TargetMethod, symbols) || IsCallOnConnection(call.TargetMethod, instance.Type, symbols)
                ? instance.Receiver()
                : null;
        }

        return call is { TargetMethod.IsExtensionMethod: true, Arguments: { Length: > 0 } arguments }
            && symbols.IsTask(call.Type)
            && IsConnection(arguments[0].Value.Unwrap().Type, symbols)
            ? arguments[0].Value
            : null;
    }

    private static bool IsCallOnConnection(IMethodSymbol method, ITypeSymbol? type, KnownSymbols symbols) =>
        method.Name is not ("Dispose" or "DisposeAsync" or "Close" or "CloseAsync" or "ToString" or "GetType" or "Equals" or "GetHashCode")
        && IsConnection(type, symbols);

    private static bool IsConnection(ITypeSymbol? type, KnownSymbols symbols) =>
        symbols.DerivesFrom(type, KnownSymbols.DbContext)
        || symbols.DerivesFrom(type, KnownSymbols.DbConnection)
        || symbols.DerivesFrom(type, KnownSymbols.DbTransaction);

    /// <summary>Whether a local, a parameter or a field exists outside of the lambda, so that all its calls share
    /// it.</summary>
    private static bool IsCaptured(IOperation state, IAnonymousFunctionOperation lambda) => state switch
    {
        ILocalReferenceOperation { Local: var local } =>
            !SymbolEqualityComparer.Default.Equals(local.ContainingSymbol, lambda.Symbol),
        IParameterReferenceOperation { Parameter: var parameter } =>
            !SymbolEqualityComparer.Default.Equals(parameter.ContainingSymbol, lambda.Symbol),
        IFieldReferenceOperation { Field.IsStatic: true, Field: var field } => !field.GetAttributes()
            .Any(attribute => attribute.AttributeClass?.Name is "ThreadStaticAttribute"),
        IFieldReferenceOperation { Instance: IInstanceReferenceOperation self } =>
            self.ReferenceKind == InstanceReferenceKind.ContainingTypeInstance,
        IFieldReferenceOperation { Instance: { } owner } => IsCaptured(owner.Unwrap(), lambda),
        _ => false,
    };

    private static bool Mutates(IMethodSymbol method, KnownSymbols symbols) => symbols.OwnerOf(method) switch
    {
        KnownSymbols.List => method.Name is "Add" or "AddRange" or "Insert" or "InsertRange" or "Remove" or "RemoveAt"
            or "RemoveAll" or "RemoveRange" or "Clear" or "Sort" or "Reverse" or "EnsureCapacity" or "TrimExcess",
        KnownSymbols.Dictionary or KnownSymbols.SortedDictionary or KnownSymbols.SortedList =>
            method.Name is "Add" or "TryAdd" or "Remove" or "RemoveAt" or "Clear" or "EnsureCapacity" or "TrimExcess",
        KnownSymbols.HashSet or KnownSymbols.SortedSet => method.Name is "Add" or "Remove" or "RemoveWhere" or "Clear"
            or "UnionWith" or "ExceptWith" or "IntersectWith" or "SymmetricExceptWith",
        KnownSymbols.Queue => method.Name is "Enqueue" or "Dequeue" or "TryDequeue" or "Clear",
        KnownSymbols.Stack => method.Name is "Push" or "Pop" or "TryPop" or "Clear",
        KnownSymbols.LinkedList => method.Name is "AddFirst" or "AddLast" or "AddBefore" or "AddAfter" or "Remove"
            or "RemoveFirst" or "RemoveLast" or "Clear",
        KnownSymbols.StringBuilder => method.Name.StartsWith("Append", StringComparison.Ordinal)
            || method.Name is "Insert" or "Remove" or "Replace" or "Clear",
        _ => false,
    };
}
