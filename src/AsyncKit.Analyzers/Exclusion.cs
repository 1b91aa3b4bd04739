using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Decides whether something may keep concurrent calls of a lambda away from an expression.</summary>
internal static class Exclusion
{
    /// <summary>Whether a lock may be held, or a condition may select one call.</summary>
    public static bool MayApply(IOperation expression, IAnonymousFunctionOperation lambda) =>
        expression.AncestorsUpTo(lambda).OfType<ILockOperation>().Any()
        || lambda.OwnDescendants().OfType<IInvocationOperation>().Any(call =>
            call.Syntax.SpanStart < expression.Syntax.SpanStart && MayLock(call.TargetMethod))
        || SelectsOneCall(expression, lambda);

    /// <summary>A method that may acquire a lock, by its name, since locks of other libraries count too.</summary>
    private static bool MayLock(IMethodSymbol method) =>
        Contains(method.Name, "Lock")
        || Contains(method.Name, "Acquire")
        || Contains(method.Name, "Enter")
        || (method.Name is "Wait" or "WaitAsync" or "WaitOne" && method.ContainingType.Name is not "Task");

    private static bool Contains(string name, string part) => name.IndexOf(part, StringComparison.Ordinal) >= 0;

    private static bool SelectsOneCall(IOperation expression, IAnonymousFunctionOperation lambda)
    {
        var child = expression;
        foreach (var ancestor in expression.AncestorsUpTo(lambda))
        {
            if (ancestor is IConditionalOperation conditional
                && conditional.Condition != child
                && conditional.Condition.DescendantsAndSelf().Any(part => MaySelect(part, lambda)))
            {
                return true;
            }

            child = ancestor;
        }

        return false;
    }

    /// <summary>A call of Interlocked, or a comparison of what the lambda received with a value.</summary>
    private static bool MaySelect(IOperation part, IAnonymousFunctionOperation lambda) => part switch
    {
        IInvocationOperation call => call.TargetMethod.ContainingType.Name is "Interlocked",
        IBinaryOperation { OperatorKind: BinaryOperatorKind.Equals } equals =>
            equals.Descendants().OfType<IParameterReferenceOperation>().Any(use =>
                SymbolEqualityComparer.Default.Equals(use.Parameter.ContainingSymbol, lambda.Symbol)),
        _ => false,
    };
}
