using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0005: an operation that passes the token of its caller on instead of the one it received.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class IgnoredTokenAnalyzer() : RuleAnalyzer(Rules.IgnoredToken)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                var argument = (IArgumentOperation)operation.Operation;
                if (TakesToken(argument.Parameter, symbols)
                    && argument.Parent is IInvocationOperation call
                    && argument.Value.Syntax is IdentifierNameSyntax identifier
                    && SymbolOf(argument.Value) is { } passed
                    && argument.Function() is IAnonymousFunctionOperation lambda
                    && OperationCall.Of(lambda, symbols) is { Token: { } own } owner
                    && !SymbolEqualityComparer.Default.Equals(passed.ContainingSymbol, lambda.Symbol)
                    && IsPartOfTheOperation(call, lambda, symbols)
                    && ShouldPassItsOwn(owner, own, passed))
                {
                    operation.ReportDiagnostic(Report(identifier, own.Name, identifier.Identifier.ValueText));
                }
            },
            OperationKind.Argument);

    /// <summary>Whether the parameter is a token for every call, not only by its type argument.</summary>
    private static bool TakesToken(IParameterSymbol? parameter, KnownSymbols symbols) =>
        parameter is not null
        && symbols.Is(
            parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.DelegateInvoke }
                ? parameter.Type
                : parameter.OriginalDefinition.Type,
            KnownSymbols.CancellationToken);

    private static ISymbol? SymbolOf(IOperation? value) => value?.Unwrap() switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IFieldReferenceOperation field => field.Field,
        _ => null,
    };

    /// <summary>Whether a cancellation of the operation should reach the call: not a cleanup, not a call whose task is
    /// dropped, not a token that is only stored.</summary>
    private static bool IsPartOfTheOperation(
        IInvocationOperation call, IAnonymousFunctionOperation lambda, KnownSymbols symbols)
    {
        if (call.TargetMethod.Name is "FromCanceled" or "SetCanceled" or "TrySetCanceled" or "CreateLinkedTokenSource"
            || (symbols.IsTask(call.Type) && call.IsDropped()))
        {
            return false;
        }

        IOperation child = call;
        foreach (var ancestor in call.AncestorsUpTo(lambda))
        {
            if (ancestor is ICatchClauseOperation || (ancestor is ITryOperation @try && @try.Finally == child))
            {
                return false;
            }

            child = ancestor;
        }

        return true;
    }

    /// <summary>Whether the passed token is that of the call, or the call has none and the operation does not use its
    /// own.</summary>
    private static bool ShouldPassItsOwn(OperationCall owner, IParameterSymbol own, ISymbol passed) =>
        HasToken(owner, out var token)
            ? SymbolEqualityComparer.Default.Equals(SymbolOf(token), passed)
            : !owner.Lambda.Body.Descendants().OfType<IParameterReferenceOperation>()
                .Any(use => SymbolEqualityComparer.Default.Equals(use.Parameter, own));

    /// <summary>Whether the call got a token, or options that may have one.</summary>
    private static bool HasToken(OperationCall owner, out IOperation? token)
    {
        token = owner.ArgumentOf(KnownSymbols.CancellationToken);
        if (token is not null || owner.ArgumentOf(KnownSymbols.ParallelOptions) is not { } options)
        {
            return token is not null;
        }

        if (options.CreationOf() is not { } creation)
        {
            return true;
        }

        token = creation.ValueOf("CancellationToken");
        return token is not null;
    }
}
