using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0003: a semaphore that limits the tasks of Task.WhenAll, all of which exist at once.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HandWrittenLimitAnalyzer() : RuleAnalyzer(Rules.HandWrittenLimit)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                if (HandWrittenLimit.Of((IInvocationOperation)operation.Operation, symbols) is { } found)
                {
                    operation.ReportDiagnostic(Report(operation.Operation.Syntax, found.Semaphore));
                }
            },
            OperationKind.Invocation);
}
