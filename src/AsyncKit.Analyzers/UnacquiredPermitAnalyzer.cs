using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0012: a semaphore that is released even if the wait was cancelled or timed out.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnacquiredPermitAnalyzer() : RuleAnalyzer(Rules.UnacquiredPermit)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            call =>
            {
                var wait = (IInvocationOperation)call.Operation;
                if (IsCall(wait, "WaitAsync", symbols)
                    && wait.Instance is { } semaphore
                    && wait.AwaitOf() is { } awaited
                    && ((wait.Arguments.Any(argument => CanEndTheWait(argument, symbols))
                            && IsReleasedByItsTry(awaited, semaphore, symbols))
                        || (wait.Arguments.Any(argument => CanElapse(argument, symbols))
                            && IsReleasedAnyway(awaited, semaphore, symbols)))
                    && !Semaphores.IsSignal(semaphore, call.CancellationToken))
                {
                    call.ReportDiagnostic(Report(wait.Syntax, semaphore.Text()));
                }
            },
            OperationKind.Invocation);

    private static bool IsCall(IInvocationOperation call, string name, KnownSymbols symbols) =>
        string.Equals(call.TargetMethod.Name, name, StringComparison.Ordinal)
        && symbols.OwnerOf(call.TargetMethod) is KnownSymbols.SemaphoreSlim;

    /// <summary>Whether an argument is a token that can be cancelled or a time that can elapse.</summary>
    private static bool CanEndTheWait(IArgumentOperation argument, KnownSymbols symbols) =>
        IsToken(argument, symbols)
            ? argument.Value.Unwrap() is not (IDefaultValueOperation
                or IPropertyReferenceOperation { Property: { Name: "None", IsStatic: true } })
            : CanElapse(argument, symbols);

    /// <summary>Whether an argument is a time after which the wait returns false. A cancelled one returns
    /// nothing.</summary>
    private static bool CanElapse(IArgumentOperation argument, KnownSymbols symbols) =>
        !IsToken(argument, symbols)
        && !argument.Value.IsConstant(Timeout.Infinite)
        && argument.Value.Unwrap() is not IFieldReferenceOperation { Field: { Name: "InfiniteTimeSpan", IsStatic: true } };

    private static bool IsToken(IArgumentOperation argument, KnownSymbols symbols) =>
        symbols.Is(argument.Parameter?.Type, KnownSymbols.CancellationToken);

    private static bool IsReleasedByItsTry(IAwaitOperation awaited, IOperation semaphore, KnownSymbols symbols) =>
        StatementOf(awaited)?.Parent is IBlockOperation { Parent: ITryOperation { Finally: { } cleanup } @try } body
        && @try.Body == body
        && cleanup.OwnDescendants().OfType<IInvocationOperation>().Any(release =>
            IsReleaseOf(release, semaphore, symbols)
            && release.AncestorsUpTo(cleanup).All(ancestor => ancestor is not ILoopOperation && IsUnconditional(ancestor)))
        && !WaitsBefore(awaited, semaphore, symbols);

    /// <summary>Whether the result of a timed wait is dropped, and a release follows that no condition guards.</summary>
    private static bool IsReleasedAnyway(IAwaitOperation awaited, IOperation semaphore, KnownSymbols symbols)
    {
        var function = awaited.Function();
        return awaited.Type?.SpecialType == SpecialType.System_Boolean
            && awaited.IsDropped()
            && function.OwnDescendants().OfType<IInvocationOperation>().Any(release =>
                IsReleaseOf(release, semaphore, symbols)
                && release.Syntax.SpanStart > awaited.Syntax.SpanStart
                && release.AncestorsUpTo(function).All(IsUnconditional));
    }

    private static bool IsUnconditional(IOperation ancestor) => ancestor is IBlockOperation or IExpressionStatementOperation
        or ITryOperation or IUsingOperation or ILoopOperation or ISimpleAssignmentOperation { Target: IDiscardOperation }
        or IMethodBodyOperation or ILabeledOperation;

    private static bool IsReleaseOf(IInvocationOperation call, IOperation semaphore, KnownSymbols symbols) =>
        IsCall(call, "Release", symbols) && call.Instance is { } released && Semaphores.AreSame(released, semaphore);

    private static bool WaitsBefore(IAwaitOperation awaited, IOperation semaphore, KnownSymbols symbols) =>
        awaited.Function().OwnDescendants().OfType<IInvocationOperation>().Any(call =>
            call.Syntax.SpanStart < awaited.Syntax.SpanStart
            && (IsCall(call, "WaitAsync", symbols) || IsCall(call, "Wait", symbols))
            && call.Instance is { } other
            && Semaphores.AreSame(other, semaphore));

    /// <summary>The statement that always runs the await: the await itself, or a declaration or condition with
    /// it.</summary>
    private static IOperation? StatementOf(IAwaitOperation awaited)
    {
        IOperation current = awaited;
        while (true)
        {
            switch (current.Parent)
            {
                case IBlockOperation:
                    return current;
                case IConditionalOperation conditional when conditional.Condition == current:
                case IExpressionStatementOperation or IUnaryOperation or IConversionOperation or IParenthesizedOperation
                    or ISimpleAssignmentOperation or IVariableInitializerOperation or IVariableDeclaratorOperation
                    or IVariableDeclarationOperation or IVariableDeclarationGroupOperation:
                    current = current.Parent;
                    break;
                default:
                    return null;
            }
        }
    }
}
