using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>A call that runs a lambda as its operation: a fan-out, a Parallel loop, a deadline, a retry or a
/// scope.</summary>
internal sealed class OperationCall
{
    private readonly KnownSymbols _symbols;

    private OperationCall(IInvocationOperation call, IAnonymousFunctionOperation lambda, KnownSymbols symbols)
    {
        Call = call;
        Lambda = lambda;
        _symbols = symbols;
    }

    public IInvocationOperation Call { get; }

    public IAnonymousFunctionOperation Lambda { get; }

    public bool IsFanOut => _symbols.OwnerOf(Call.TargetMethod) is KnownSymbols.FanOut or KnownSymbols.PerWorker;

    public bool IsTaskScope => _symbols.OwnerOf(Call.TargetMethod) is KnownSymbols.TaskScope;

    public bool IsParallel => _symbols.OwnerOf(Call.TargetMethod) is KnownSymbols.Parallel;

    /// <summary>The parameter that receives the token of the operation, or null.</summary>
    public IParameterSymbol? Token => Lambda.Symbol.Parameters.LastOrDefault(parameter =>
        _symbols.Is(parameter.Type, KnownSymbols.CancellationToken) && !parameter.DeclaringSyntaxReferences.IsEmpty);

    /// <summary>The call that a lambda is the operation of, or null.</summary>
    public static OperationCall? Of(IAnonymousFunctionOperation lambda, KnownSymbols symbols) =>
        lambda.Parent is IDelegateCreationOperation created
        && created.UsedBy() is IArgumentOperation { Parameter: { } parameter, Parent: IInvocationOperation call }
        && IsOperation(call.TargetMethod, parameter, symbols)
            ? new(call, lambda, symbols)
            : null;

    /// <summary>The argument whose parameter has the type, or null. The omitted optional one counts as absent.</summary>
    public IOperation? ArgumentOf(string type) => Call.Arguments
        .FirstOrDefault(argument => argument.ArgumentKind != ArgumentKind.DefaultValue
            && _symbols.Is(argument.Parameter?.Type, type))
        ?.Value;

    private static bool IsOperation(IMethodSymbol method, IParameterSymbol parameter, KnownSymbols symbols) =>
        symbols.OwnerOf(method) switch
        {
            KnownSymbols.FanOut or KnownSymbols.PerWorker => method.Name.StartsWith("FanOut", StringComparison.Ordinal),
            KnownSymbols.Parallel => parameter.Name is "body"
                && method.Name is "ForEachAsync" or "ForAsync" or "ForEach" or "For",
            KnownSymbols.Deadline or KnownSymbols.Retry or KnownSymbols.AsyncScope => method.Name is "RunAsync",
            KnownSymbols.TaskScope => method.Name is "Run",
            KnownSymbols.AsyncResource => method.Name is "UseAsync",
            KnownSymbols.HttpFanOut => method.Name.StartsWith("GetAll", StringComparison.Ordinal),
            _ => false,
        };
}
