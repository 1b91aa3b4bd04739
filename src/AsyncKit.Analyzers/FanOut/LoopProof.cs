using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Proves that the order of the items of a loop does not matter: the body only reads, one item does not depend
/// on another, and no other code sees how far the loop came.</summary>
internal sealed class LoopProof
{
    private const int MaxLiteral = 8;

    private readonly SequentialLoop _loop;
    private readonly KnownSymbols _symbols;
    private readonly ReadVerbs _verbs;
    private readonly CancellationToken _cancellationToken;
    private readonly HashSet<ISymbol> _computed = new(SymbolEqualityComparer.Default);
    private readonly List<IInvocationOperation> _reads = [];

    private LoopProof(SequentialLoop loop, KnownSymbols symbols, ReadVerbs verbs, CancellationToken cancellationToken)
    {
        _loop = loop;
        _symbols = symbols;
        _verbs = verbs;
        _cancellationToken = cancellationToken;
        _computed.Add(loop.Item);
    }

    public static bool Holds(SequentialLoop loop, KnownSymbols symbols, ReadVerbs verbs, CancellationToken cancellationToken) =>
        new LoopProof(loop, symbols, verbs, cancellationToken).Holds();

    private bool Holds() =>
        HasManyItems()
        && _loop.Statements.All(IsExpected)
        && _loop.Loop.Body.OwnDescendants().OfType<IAwaitOperation>().All(IsRead)
        && _loop.Loop.Body.Descendants().All(IsHarmless)
        && !IsInTransaction()
        && !IsInOperation()
        && ListIsPrivate();

    private bool HasManyItems() =>
        !Sources.IsSmall(_loop.Collection, MaxLiteral, _cancellationToken)
        && !_symbols.IsTask(_loop.Item.Type);

    /// <summary>A declaration, an if without else, an await, or the final Add. Collects what is computed from the
    /// item.</summary>
    private bool IsExpected(IOperation statement)
    {
        if (Mentions(statement))
        {
            foreach (var local in statement.DescendantsAndSelf().Select(LocalOf))
            {
                if (local is not null)
                {
                    _computed.Add(local);
                }
            }
        }

        return statement switch
        {
            IVariableDeclarationGroupOperation or IUsingDeclarationOperation or IEmptyOperation => true,
            IConditionalOperation { WhenFalse: null } conditional => conditional.WhenTrue is IBlockOperation block
                ? block.Operations.All(IsExpected)
                : IsExpected(conditional.WhenTrue),
            IExpressionStatementOperation { Operation: IInvocationOperation call } => call == _loop.Add || IsCheck(call),
            IExpressionStatementOperation { Operation: IAwaitOperation } => true,
            IExpressionStatementOperation { Operation: ISimpleAssignmentOperation { Target: ILocalReferenceOperation or IDiscardOperation } } => true,
            _ => false,
        };
    }

    private static ILocalSymbol? LocalOf(IOperation part) => part switch
    {
        IVariableDeclaratorOperation declarator => declarator.Symbol,
        IDeclarationPatternOperation { DeclaredSymbol: ILocalSymbol local } => local,
        IRecursivePatternOperation { DeclaredSymbol: ILocalSymbol local } => local,
        IDeclarationExpressionOperation { Expression: ILocalReferenceOperation { Local: var local } } => local,
        _ => null,
    };

    /// <summary>Whether a call only throws if something is wrong.</summary>
    private static bool IsCheck(IInvocationOperation call) =>
        call.TargetMethod is { Name: "EnsureSuccessStatusCode", ContainingType.Name: "HttpResponseMessage" }
            or { Name: "ThrowIfCancellationRequested", ContainingType.Name: "CancellationToken" };

    private bool Mentions(IOperation code) => code.DescendantsAndSelf().Any(part =>
        part is ILocalReferenceOperation { Local: var local } && _computed.Contains(local));

    /// <summary>Whether an await is that of a call with a read verb on what the item leads to.</summary>
    private bool IsRead(IAwaitOperation awaited)
    {
        if (awaited.AwaitedCall() is not { } call
            || !_verbs.Describe(call.TargetMethod)
            || !call.ChildOperations.Any(Mentions)
            || PureCalls.ChangesState(call.TargetMethod, _cancellationToken)
            || SerialTypes.MayBeSerial(call.Instance?.Type ?? call.TargetMethod.ContainingType, _symbols))
        {
            return false;
        }

        _reads.Add(call);
        return true;
    }

    private bool IsHarmless(IOperation part) => part switch
    {
        IInvocationOperation call => call == _loop.Add || _reads.Contains(call) || IsConfiguration(call) || IsCheck(call)
            || IsOwnCall(call) || PureCalls.IsPure(call.TargetMethod, _cancellationToken),
        IThrowOperation or IDynamicInvocationOperation or IDynamicMemberReferenceOperation or IFunctionPointerInvocationOperation
            or ILoopOperation or ISwitchOperation or ITryOperation or ILockOperation or IUsingOperation or IInvalidOperation => false,
        _ => part.Type is null || !SerialTypes.MayBeSerial(part.Type, _symbols) || IsThis(part),
    };

    private static bool IsConfiguration(IInvocationOperation call) => call.TargetMethod.Name is "ConfigureAwait" or "AsTask"
        && call.Instance?.Unwrap() is IInvocationOperation;

    /// <summary>A method of an object that belongs to one item.</summary>
    private bool IsOwnCall(IInvocationOperation call) =>
        call.Instance is { } instance && _loop.Boundary.Owns(instance)
        && call.TargetMethod.MethodKind != MethodKind.DelegateInvoke;

    /// <summary>The object of the method itself may keep anything; only its calls count.</summary>
    private static bool IsThis(IOperation part) => part is IInstanceReferenceOperation;

    private bool IsInTransaction() => _loop.Loop.Root().Descendants().Any(part =>
        part is IVariableDeclaratorOperation { Symbol.Type: var type } && SerialTypes.IsTransaction(type)
        || part is IInvocationOperation { TargetMethod: var method } && (method.Name.StartsWith("BeginTransaction", StringComparison.Ordinal)
            || SerialTypes.IsTransaction(method.ReturnType)));

    /// <summary>Whether several loops run at the same time already.</summary>
    private bool IsInOperation() => _loop.Loop.AncestorsUpTo(_loop.Loop.Root()).OfType<IAnonymousFunctionOperation>()
        .Any(lambda => OperationCall.Of(lambda, _symbols) is not null || Concurrency.IsSelectorOfWhenAll(lambda, _symbols));

    /// <summary>Whether no other code sees the list if the loop fails half-way: it is new, was not passed on, and no handler
    /// can read it.</summary>
    private bool ListIsPrivate()
    {
        if (_loop.List is not { } list)
        {
            return true;
        }

        var operations = _loop.Loop.Root().Descendants().ToList();
        var declaration = operations.OfType<IVariableDeclaratorOperation>()
            .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, list));
        return declaration?.GetVariableInitializer()?.Value.Unwrap() is IObjectCreationOperation or ICollectionExpressionOperation
            && !_loop.Loop.AncestorsUpTo(_loop.Loop.Root()).OfType<ITryOperation>()
                .Any(handled => !handled.Syntax.Span.Contains(declaration.Syntax.Span))
            && !operations.OfType<ILocalReferenceOperation>().Any(use =>
                SymbolEqualityComparer.Default.Equals(use.Local, list)
                && (use.Syntax.SpanStart < _loop.Syntax.SpanStart || use.Function() != _loop.Loop.Function())
                && use.Parent is not (IInvocationOperation or IMemberReferenceOperation));
    }
}
