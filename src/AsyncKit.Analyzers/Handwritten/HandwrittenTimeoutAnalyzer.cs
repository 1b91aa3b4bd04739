using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0009: a task that races with a delay, and a TimeoutException if the delay wins.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HandwrittenTimeoutAnalyzer() : RuleAnalyzer(Rules.HandwrittenTimeout)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                var call = (IInvocationOperation)operation.Operation;
                if (TimeoutRace.Of(call, symbols) is { } race && race.ThrowsOnTimeout(symbols) && race.OnlyAwaitsItsTask())
                {
                    operation.ReportDiagnostic(Report(call.Syntax));
                }
            },
            OperationKind.Invocation);
}
