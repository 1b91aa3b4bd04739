using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0002: a call of Task.WhenAll that starts an operation for every item at once.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnlimitedWhenAllAnalyzer() : RuleAnalyzer(Rules.UnlimitedWhenAll)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                var call = (IInvocationOperation)operation.Operation;
                if (UnlimitedWhenAll.Of(call, symbols) is { } found
                    && UnlimitedWhenAll.IsCertain(
                        found, symbols, ReadVerbs.Of(operation.Options, call.Syntax.SyntaxTree), operation.CancellationToken))
                {
                    operation.ReportDiagnostic(Report(call.Syntax));
                }
            },
            OperationKind.Invocation);
}
