using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

internal static class OperationExtensions
{
    /// <summary>The operation below conversions and parentheses.</summary>
    public static IOperation Unwrap(this IOperation operation)
    {
        while (true)
        {
            switch (operation)
            {
                case IConversionOperation { OperatorMethod: null } conversion:
                    operation = conversion.Operand;
                    break;
                case IParenthesizedOperation parenthesized:
                    operation = parenthesized.Operand;
                    break;
                default:
                    return operation;
            }
        }
    }

    /// <summary>The operation below the conversions that the code does not show.</summary>
    public static IOperation AsWritten(this IOperation operation)
    {
        while (operation is IConversionOperation { OperatorMethod: null, IsImplicit: true } conversion)
        {
            operation = conversion.Operand;
        }

        return operation;
    }

    /// <summary>The parent above conversions and parentheses.</summary>
    public static IOperation? UsedBy(this IOperation operation)
    {
        var parent = operation.Parent;
        while (parent is IConversionOperation { OperatorMethod: null } or IParenthesizedOperation)
        {
            parent = parent.Parent;
        }

        return parent;
    }

    /// <summary>The object of a member access. In a conditional access it is the object that was tested.</summary>
    public static IOperation Receiver(this IOperation instance)
    {
        if (instance is not IConditionalAccessInstanceOperation)
        {
            return instance;
        }

        IOperation child = instance;
        while (child.Parent is { } parent)
        {
            if (parent is IConditionalAccessOperation access && access.WhenNotNull == child)
            {
                return access.Operation;
            }

            child = parent;
        }

        return instance;
    }

    /// <summary>Whether an operation is only named.</summary>
    public static bool IsInNameOf(this IOperation operation)
    {
        for (var parent = operation.Parent; parent is not null; parent = parent.Parent)
        {
            if (parent is INameOfOperation)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The await of a call, directly or through ConfigureAwait, or null.</summary>
    public static IAwaitOperation? AwaitOf(this IInvocationOperation call)
    {
        var parent = call.UsedBy();
        if (parent is IInvocationOperation { TargetMethod.Name: "ConfigureAwait", Instance: { } instance } configured
            && instance.Unwrap() == call)
        {
            parent = configured.UsedBy();
        }

        return parent as IAwaitOperation;
    }

    /// <summary>The call that an await waits for, directly or through ConfigureAwait or AsTask, or null.</summary>
    public static IInvocationOperation? AwaitedCall(this IAwaitOperation awaited)
    {
        var call = awaited.Operation.Unwrap() as IInvocationOperation;
        while (call is { TargetMethod.Name: "ConfigureAwait" or "AsTask", Instance: { } task })
        {
            call = task.Unwrap() as IInvocationOperation;
        }

        return call;
    }

    /// <summary>Whether the value of an expression is dropped: the expression is a statement, or is assigned
    /// to a discard.</summary>
    public static bool IsDropped(this IOperation operation) => operation.UsedBy() switch
    {
        IExpressionStatementOperation => true,
        ISimpleAssignmentOperation { Target: IDiscardOperation } assignment =>
            assignment.UsedBy() is IExpressionStatementOperation,
        _ => false,
    };

    /// <summary>The lambda, the local function or the body of the member that contains an operation.</summary>
    public static IOperation Function(this IOperation operation)
    {
        var current = operation;
        while (current.Parent is { } parent
            && current is not (IAnonymousFunctionOperation or ILocalFunctionOperation))
        {
            current = parent;
        }

        return current;
    }

    /// <summary>The outermost operation, the body of a member.</summary>
    public static IOperation Root(this IOperation operation)
    {
        var current = operation;
        while (current.Parent is { } parent)
        {
            current = parent;
        }

        return current;
    }

    /// <summary>The ancestors from the parent up to a given operation, which is excluded.</summary>
    public static IEnumerable<IOperation> AncestorsUpTo(this IOperation operation, IOperation end)
    {
        for (var parent = operation.Parent; parent is not null && parent != end; parent = parent.Parent)
        {
            yield return parent;
        }
    }

    /// <summary>The descendants of a function without those of nested lambdas and local functions.</summary>
    public static IEnumerable<IOperation> OwnDescendants(this IOperation function)
    {
        foreach (var child in function.ChildOperations)
        {
            yield return child;
            if (child is IAnonymousFunctionOperation or ILocalFunctionOperation)
            {
                continue;
            }

            foreach (var descendant in child.OwnDescendants())
            {
                yield return descendant;
            }
        }
    }

    /// <summary>The name of an expression in a message: its text, without line breaks.</summary>
    public static string Text(this IOperation operation)
    {
        var text = operation.Syntax.ToString();
        return text.IndexOf('\n') < 0 ? text : operation.Syntax.NormalizeWhitespace(" ", " ").ToString();
    }

    /// <summary>Whether an expression is a constant with a value.</summary>
    public static bool IsConstant(this IOperation? operation, int value) =>
        operation?.Unwrap().ConstantValue is { HasValue: true, Value: int constant } && constant == value;
}
