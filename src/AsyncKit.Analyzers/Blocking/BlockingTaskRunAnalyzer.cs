using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0007: a blocking call that Task.Run moves to the thread pool.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BlockingTaskRunAnalyzer() : RuleAnalyzer(Rules.BlockingTaskRun)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            call =>
            {
                var run = (IInvocationOperation)call.Operation;
                if (run.TargetMethod.Name is "Run"
                    && symbols.OwnerOf(run.TargetMethod) is KnownSymbols.Task
                    && IsAwaitedOrReturned(run)
                    && SynchronousWork(run, symbols) is { } work
                    && work.OwnDescendants().FirstOrDefault(operation => BlockingCalls.Blocks(operation, symbols)) is { } blocking)
                {
                    call.ReportDiagnostic(Report(run.Syntax, BlockingCalls.NameOf(blocking)));
                }
            },
            OperationKind.Invocation);

    private static bool IsAwaitedOrReturned(IInvocationOperation run) =>
        run.AwaitOf() is not null || run.UsedBy() is IReturnOperation;

    /// <summary>The lambda, or null if it returns a task. A lambda that never returns does so for the compiler.</summary>
    private static IAnonymousFunctionOperation? SynchronousWork(IInvocationOperation run, KnownSymbols symbols) =>
        run.Arguments.FirstOrDefault(argument => argument.Parameter?.Ordinal == 0)?.Value.Unwrap()
            is IDelegateCreationOperation { Target: IAnonymousFunctionOperation { Symbol.IsAsync: false } work }
        && !symbols.IsTaskOrDerived(work.Symbol.ReturnType)
            ? work
            : null;
}
