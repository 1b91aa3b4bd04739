using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Finds out whether a wait may acquire a mutex, which belongs to the thread that waits.</summary>
internal static class WaitHandles
{
    /// <summary>Whether none of the handles of a wait can be a mutex.</summary>
    public static bool HaveNoOwner(IInvocationOperation wait, KnownSymbols symbols) => wait.TargetMethod.IsStatic
        ? wait.Arguments.Length > 0 && AreNoMutexes(wait.Arguments[0].Value, symbols)
        : wait.Instance is { } handle && IsNoMutex(handle, symbols);

    private static bool AreNoMutexes(IOperation handles, KnownSymbols symbols)
    {
        var value = handles.InitialValueOfLocal() ?? handles.Unwrap();
        return value switch
        {
            IArrayCreationOperation { Initializer: { } items } =>
                items.ElementValues.All(item => IsNoMutex(item, symbols)),
            ICollectionExpressionOperation items => items.Elements.All(item => IsNoMutex(item, symbols)),
            _ => handles.Unwrap().Type is IArrayTypeSymbol { ElementType: var type } && IsOtherHandle(type, symbols),
        };
    }

    private static bool IsNoMutex(IOperation handle, KnownSymbols symbols)
    {
        var value = handle.Unwrap();
        return IsOtherHandle(value.Type, symbols)
            || value is IPropertyReferenceOperation { Property.Name: "WaitHandle" or "AsyncWaitHandle" or "AvailableWaitHandle" }
            || (value.InitialValueOfLocal() is { } initial && initial is not ILocalReferenceOperation && IsNoMutex(initial, symbols));
    }

    /// <summary>Whether the type is a kind of handle, and neither the mutex nor the base class of all handles.</summary>
    private static bool IsOtherHandle(ITypeSymbol? type, KnownSymbols symbols) =>
        symbols.DerivesFrom(type, KnownSymbols.WaitHandle)
        && !symbols.Is(type, KnownSymbols.WaitHandle)
        && !symbols.DerivesFrom(type, KnownSymbols.Mutex);
}
