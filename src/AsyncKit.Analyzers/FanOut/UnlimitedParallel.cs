using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>An awaited Parallel.ForEachAsync without a limit.</summary>
internal sealed class UnlimitedParallel
{
    private UnlimitedParallel(IInvocationOperation call, IOperation source, IOperation body, ExpressionSyntax? token)
    {
        Call = call;
        Source = source;
        Body = body;
        Token = token;
    }

    public IInvocationOperation Call { get; }

    public IOperation Source { get; }

    /// <summary>The whole argument. The syntax of <see cref="Source"/> lacks an exclamation mark after it.</summary>
    public ExpressionSyntax SourceSyntax => Source.Syntax.FirstAncestorOrSelf<ArgumentSyntax>()!.Expression;

    /// <summary>A lambda, or any other value.</summary>
    public IOperation Body { get; }

    /// <summary>The token of the call, or null.</summary>
    public ExpressionSyntax? Token { get; }

    /// <summary>Whether the operations wait for something, so that their number does not depend on the cores.</summary>
    public bool Waits => Body is IAnonymousFunctionOperation { Symbol.IsAsync: true } lambda
        && lambda.Body.OwnDescendants().Any(part => part is IAwaitOperation or IForEachLoopOperation { IsAsynchronous: true });

    public static UnlimitedParallel? Of(IInvocationOperation call, KnownSymbols symbols)
    {
        if (call.TargetMethod.Name is not "ForEachAsync"
            || symbols.OwnerOf(call.TargetMethod) is not KnownSymbols.Parallel
            || call.AwaitOf() is null
            || ArgumentOf(call, "source")?.Value.AsWritten() is not { } source
            || ArgumentOf(call, "body")?.Value.Unwrap() is not { } body
            || !HasOneSequence(source, symbols))
        {
            return null;
        }

        var options = ArgumentOf(call, "parallelOptions")?.Value.Unwrap();
        var token = ArgumentOf(call, "cancellationToken")?.Value.Unwrap();
        if (options is not null)
        {
            if (options is not IObjectCreationOperation { Arguments.Length: 0 } creation
                || creation.Initializer?.Initializers.Any(one => one is not ISimpleAssignmentOperation { Target: IPropertyReferenceOperation { Property.Name: "CancellationToken" } }) == true)
            {
                return null;
            }

            token = creation.ValueOf("CancellationToken");
        }

        return new(call, source, (body as IDelegateCreationOperation)?.Target ?? body, token?.Syntax as ExpressionSyntax);
    }

    private static IArgumentOperation? ArgumentOf(IInvocationOperation call, string parameter) => call.Arguments
        .FirstOrDefault(argument => argument.ArgumentKind == ArgumentKind.Explicit
            && string.Equals(argument.Parameter?.Name, parameter, StringComparison.Ordinal));

    /// <summary>Whether the extension method for the type of the source is that of the same kind of sequence.</summary>
    private static bool HasOneSequence(IOperation source, KnownSymbols symbols) =>
        source.Type is not null
        && (source.Type is INamedTypeSymbol named ? source.Type.AllInterfaces.Add(named) : source.Type.AllInterfaces)
            .Count(one => one.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T
                || symbols.Is(one, KnownSymbols.AsyncEnumerable)) == 1
        && !Sources.Chain(source).Any(part => Sources.IsQuery(part.Type, symbols));
}
