using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0004: a Parallel.ForEachAsync whose operations wait, although their number is that of the cores.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnlimitedParallelAnalyzer() : RuleAnalyzer(Rules.UnlimitedParallel)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                if (UnlimitedParallel.Of((IInvocationOperation)operation.Operation, symbols) is { Waits: true } found)
                {
                    operation.ReportDiagnostic(Report(((InvocationExpressionSyntax)found.Call.Syntax).Expression));
                }
            },
            OperationKind.Invocation);
}
