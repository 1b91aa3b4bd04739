using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Decides whether a function may hold a lock that belongs to its thread, so that it must not await.</summary>
internal static class OwnedLocks
{
    public static bool MayBeHeld(IOperation operation, KnownSymbols symbols)
    {
        var function = operation.Function();
        return operation.AncestorsUpTo(function).Any(ancestor => ancestor is ILockOperation)
            || function.OwnDescendants().Any(other =>
                other.Syntax.SpanStart < operation.Syntax.SpanStart && Touches(other, symbols));
    }

    private static bool Touches(IOperation operation, KnownSymbols symbols) => operation switch
    {
        IInvocationOperation call => IsOwned(call.TargetMethod.ContainingType, symbols) || IsOwned(call.Instance?.Unwrap().Type, symbols),
        IObjectCreationOperation { Arguments.Length: > 0 } creation => symbols.DerivesFrom(creation.Type, KnownSymbols.Mutex),
        _ => false,
    };

    private static bool IsOwned(ITypeSymbol? type, KnownSymbols symbols) =>
        symbols.NameOf(type) is KnownSymbols.Monitor or KnownSymbols.Lock or KnownSymbols.SpinLock
            or KnownSymbols.ReaderWriterLock or KnownSymbols.ReaderWriterLockSlim
        || symbols.DerivesFrom(type, KnownSymbols.Mutex);
}
