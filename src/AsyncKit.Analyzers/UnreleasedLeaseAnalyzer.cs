using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0016: a lease that is acquired and never released.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnreleasedLeaseAnalyzer() : RuleAnalyzer(Rules.UnreleasedLease)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            call =>
            {
                var invocation = (IInvocationOperation)call.Operation;
                if (IsAcquire(invocation.TargetMethod, symbols)
                    && invocation.AwaitOf() is { } awaited
                    && ((awaited.IsDropped() && !MayBeExpectedToThrow(awaited)) || IsKeptUnused(awaited)))
                {
                    call.ReportDiagnostic(Report(invocation.Syntax, invocation.Instance?.Text() ?? ""));
                }
            },
            OperationKind.Invocation);

    private static bool IsAcquire(IMethodSymbol method, KnownSymbols symbols) => method.Name switch
    {
        "AcquireAsync" => symbols.OwnerOf(method)
            is KnownSymbols.AsyncLock or KnownSymbols.KeyedLock or KnownSymbols.ConcurrencyGate,
        "RentAsync" => symbols.OwnerOf(method) is KnownSymbols.AsyncPool,
        _ => false,
    };

    /// <summary>Whether a test may assert that a delegate throws, so that there is never a lease: the call is all that a
    /// lambda does.</summary>
    private static bool MayBeExpectedToThrow(IAwaitOperation awaited) =>
        awaited.Function() is IAnonymousFunctionOperation { Syntax: AnonymousFunctionExpressionSyntax lambda }
        && lambda.Block is null or { Statements.Count: 1 }
        && TestProjects.Contain(awaited);

    /// <summary>Whether the lease is the initial value of a local that the function only reads.</summary>
    private static bool IsKeptUnused(IAwaitOperation awaited) =>
        awaited.UsedBy() is IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }
        && declarator.Parent?.Parent is IVariableDeclarationGroupOperation { Parent: not IUsingDeclarationOperation and not IUsingOperation }
        && awaited.Root().DescendantsAndSelf()
            .Where(operation => IsUseOf(operation, declarator.Symbol))
            .All(use => IsRead(use, awaited.Function()));

    private static bool IsUseOf(IOperation operation, ILocalSymbol local) =>
        operation is ILocalReferenceOperation reference
        && SymbolEqualityComparer.Default.Equals(reference.Local, local)
        && !reference.IsInNameOf();

    /// <summary>A use that neither releases the lease nor gives it to another owner.</summary>
    private static bool IsRead(IOperation use, IOperation function) =>
        use.Function() == function
        && use.Parent switch
        {
            IPropertyReferenceOperation property => property.Instance == use,
            IInvocationOperation call => call.Instance == use && call.TargetMethod.Name is "Report" or "Discard"
                or "Equals" or "GetHashCode" or "ToString",
            _ => false,
        };
}
