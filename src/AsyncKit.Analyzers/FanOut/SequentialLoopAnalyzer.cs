using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0001: a loop that awaits one item after another although their order does not matter.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SequentialLoopAnalyzer() : RuleAnalyzer(Rules.SequentialLoop)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                if (operation.Operation is IForEachLoopOperation loop
                    && SequentialLoop.Of(loop, symbols) is { } found
                    && LoopProof.Holds(found, symbols, ReadVerbs.Of(operation.Options, loop.Syntax.SyntaxTree), operation.CancellationToken))
                {
                    operation.ReportDiagnostic(Report(found.Syntax.ForEachKeyword.GetLocation()));
                }
            },
            OperationKind.Loop);
}
