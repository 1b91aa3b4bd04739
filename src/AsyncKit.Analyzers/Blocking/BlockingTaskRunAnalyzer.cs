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
                if (BlockingCallIn(run, symbols) is { } blocking)
                {
                    call.ReportDiagnostic(Report(run.Syntax, BlockingCalls.NameOf(blocking)));
                }
            },
            OperationKind.Invocation);

    /// <summary>The blocking call that an awaited or returned Task.Run runs, or null.</summary>
    internal static IOperation? BlockingCallIn(IInvocationOperation run, KnownSymbols symbols) =>
        SynchronousWork(run, symbols) is { } work && (run.AwaitOf() is not null || run.UsedBy() is IReturnOperation)
            ? work.OwnDescendants().FirstOrDefault(operation => BlockingCalls.Blocks(operation, symbols))
            : null;

    /// <summary>The lambda of a Task.Run, or null if it returns a task. A lambda that never returns does so for the
    /// compiler.</summary>
    internal static IAnonymousFunctionOperation? SynchronousWork(IInvocationOperation run, KnownSymbols symbols) =>
        run.TargetMethod.Name is "Run"
        && symbols.OwnerOf(run.TargetMethod) is KnownSymbols.Task
        && run.Arguments.FirstOrDefault(argument => argument.Parameter?.Ordinal == 0)?.Value.Unwrap()
            is IDelegateCreationOperation { Target: IAnonymousFunctionOperation { Symbol.IsAsync: false } work }
        && !symbols.IsTaskOrDerived(work.Symbol.ReturnType)
            ? work
            : null;
}
