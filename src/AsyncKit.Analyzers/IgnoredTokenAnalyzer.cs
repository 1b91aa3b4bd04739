using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0005: an operation that passes the token of its caller on instead of the one it received.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class IgnoredTokenAnalyzer() : RuleAnalyzer(Rules.IgnoredToken)
{
    /// <summary>The property of a report on an operation whose call has no token.</summary>
    internal const string CallHasNoToken = "CallHasNoToken";

    private static readonly ImmutableDictionary<string, string?> NoToken =
        ImmutableDictionary<string, string?>.Empty.Add(CallHasNoToken, "");

    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                var argument = (IArgumentOperation)operation.Operation;
                if (argument.Value.Syntax is IdentifierNameSyntax identifier
                    && argument.Parent is IInvocationOperation call
                    && TakesToken(argument.Parameter, symbols)
                    && SymbolOf(argument.Value) is { } passed
                    && argument.Function() is IAnonymousFunctionOperation lambda
                    && OperationCall.Of(lambda, symbols) is { Token: { } own } owner
                    && !SymbolEqualityComparer.Default.Equals(passed.ContainingSymbol, lambda.Symbol)
                    && !call.Arguments.Any(other => IsUseOf(other.Value, own))
                    && IsPartOfTheOperation(call, lambda, symbols)
                    && ShouldPassItsOwn(owner, own, passed, out var hasToken))
                {
                    var properties = hasToken ? ImmutableDictionary<string, string?>.Empty : NoToken;
                    operation.ReportDiagnostic(Diagnostic.Create(
                        Rules.IgnoredToken, identifier.GetLocation(), properties, own.Name, identifier.Identifier.ValueText));
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
    private static bool ShouldPassItsOwn(OperationCall owner, IParameterSymbol own, ISymbol passed, out bool hasToken)
    {
        hasToken = HasToken(owner, out var token);
        return hasToken
            ? SymbolEqualityComparer.Default.Equals(SymbolOf(token), passed)
            : !owner.Lambda.Body.Descendants().OfType<IParameterReferenceOperation>()
                .Any(use => IsUseOf(use, own));
    }

    private static bool IsUseOf(IOperation value, IParameterSymbol parameter) =>
        value.Unwrap() is IParameterReferenceOperation use
        && SymbolEqualityComparer.Default.Equals(use.Parameter, parameter);

    /// <summary>Whether the call got a token, or something that may contain one.</summary>
    private static bool HasToken(OperationCall owner, out IOperation? token)
    {
        token = owner.ArgumentOf(KnownSymbols.CancellationToken);
        if (token is not null)
        {
            return true;
        }

        if (owner.IsTaskScope)
        {
            var open = owner.Call.Instance?.InitialValueOfLocal() as IInvocationOperation;
            token = open?.Arguments.FirstOrDefault(argument => argument.ArgumentKind != ArgumentKind.DefaultValue
                && argument.Parameter?.Name is "cancellationToken")?.Value;
            return open is null || token is not null;
        }

        if (owner.ArgumentOf(KnownSymbols.ParallelOptions) is not { } options)
        {
            return false;
        }

        var creation = options.CreationOf();
        token = creation?.ValueOf("CancellationToken");
        return creation is null || token is not null;
    }
}
