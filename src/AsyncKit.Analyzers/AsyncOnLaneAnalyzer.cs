using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0014: work for a blocking lane that returns a task, which the lane refuses at run time.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AsyncOnLaneAnalyzer() : RuleAnalyzer(Rules.AsyncOnLane)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            call =>
            {
                var invocation = (IInvocationOperation)call.Operation;
                if (TakesBlockingWork(invocation.TargetMethod, symbols)
                    && invocation.Arguments.FirstOrDefault(argument => argument.Parameter?.Name is "work") is { } work
                    && work.Parameter!.Type is INamedTypeSymbol { DelegateInvokeMethod.ReturnType: var result }
                    && (symbols.IsTask(result) || symbols.DerivesFrom(result, KnownSymbols.Task)))
                {
                    call.ReportDiagnostic(Report(work.Value.Syntax));
                }
            },
            OperationKind.Invocation);

    private static bool TakesBlockingWork(IMethodSymbol method, KnownSymbols symbols) => method.Name switch
    {
        "RunAsync" => symbols.OwnerOf(method) is KnownSymbols.Offload or KnownSymbols.BlockingLane,
        "FanOutBlockingAsync" => symbols.OwnerOf(method) is KnownSymbols.FanOut,
        _ => false,
    };
}
