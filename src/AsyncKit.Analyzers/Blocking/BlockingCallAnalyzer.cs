using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0008: a call in an async function that blocks its thread and has no async twin.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BlockingCallAnalyzer() : RuleAnalyzer(Rules.BlockingCall)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                var call = (IInvocationOperation)operation.Operation;
                if ((BlockingCalls.HasNoAsyncTwin(call, symbols) || IsBlockingLoop(call, symbols))
                    && IsInAsyncFunction(call)
                    && !symbols.IsTaskOrDerived(call.Type)
                    && !IsOnOwnThread(call, symbols)
                    && !IsStepOfTest(call, symbols)
                    && !OwnedLocks.MayBeHeld(call, symbols))
                {
                    operation.ReportDiagnostic(Report(call.Syntax, BlockingCalls.NameOf(call)));
                }
            },
            OperationKind.Invocation);

    /// <summary>Whether a loop waits for the items of a collection. The call itself does not block.</summary>
    private static bool IsBlockingLoop(IInvocationOperation call, KnownSymbols symbols) =>
        call.TargetMethod.Name is "GetConsumingEnumerable"
        && symbols.KnownBaseOf(call.TargetMethod) is KnownSymbols.BlockingCollection
        && call.UsedBy() is IForEachLoopOperation { IsAsynchronous: false } loop
        && loop.Collection.Unwrap() == call;

    private static bool IsInAsyncFunction(IInvocationOperation call) =>
        call.SemanticModel?.GetEnclosingSymbol(call.Syntax.SpanStart) is IMethodSymbol { IsAsync: true };

    /// <summary>Tests start threads on purpose, and align them with a barrier. On another thread the wait would not align
    /// them.</summary>
    private static bool IsStepOfTest(IInvocationOperation call, KnownSymbols symbols) =>
        symbols.KnownBaseOf(call.TargetMethod) is KnownSymbols.Thread or KnownSymbols.Barrier && TestProjects.Contain(call);

    /// <summary>Whether the function is a lambda that gets a thread for itself, at least until its first await.</summary>
    private static bool IsOnOwnThread(IInvocationOperation call, KnownSymbols symbols) =>
        call.Function() is IAnonymousFunctionOperation { Parent: IDelegateCreationOperation created }
        && created.UsedBy() is IArgumentOperation argument
        && argument.Parent switch
        {
            IObjectCreationOperation creation => symbols.Is(creation.Type, KnownSymbols.Thread),
            IInvocationOperation start => start.Arguments.Any(other =>
                other.Value.Unwrap() is IFieldReferenceOperation { Field.Name: "LongRunning" }),
            _ => false,
        };
}
