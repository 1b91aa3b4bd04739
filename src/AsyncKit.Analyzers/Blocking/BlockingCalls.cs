using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Knows the calls of .NET that block the calling thread.</summary>
internal static class BlockingCalls
{
    /// <summary>Whether an operation blocks a thread that a dedicated thread can replace.</summary>
    public static bool Blocks(IOperation operation, KnownSymbols symbols) => operation switch
    {
        IInvocationOperation call => HasNoAsyncTwin(call, symbols) || HasAsyncTwin(call, symbols),
        IPropertyReferenceOperation { Property.Name: "Result", Instance: { } task } result =>
            symbols.IsTask(result.Property.ContainingType) && StartsHere(task, symbols),
        _ => false,
    };

    /// <summary>A blocking call for which .NET has no async method.</summary>
    public static bool HasNoAsyncTwin(IInvocationOperation call, KnownSymbols symbols) =>
        call.TargetMethod.Name is "WaitOne" or "WaitAny" or "WaitAll" or "Wait" or "SignalAndWait" or "Take" or "Join" or "Copy"
            or "SpinUntil" // The name first: most calls end here, without a search through the base types.
        && symbols.KnownBaseOf(call.TargetMethod) switch
        {
            KnownSymbols.WaitHandle => call.TargetMethod.Name is "WaitOne" or "WaitAny" or "WaitAll"
                && WaitHandles.HaveNoOwner(call, symbols),
            KnownSymbols.ManualResetEventSlim or KnownSymbols.CountdownEvent => call.TargetMethod.Name is "Wait",
            KnownSymbols.Barrier => call.TargetMethod.Name is "SignalAndWait",
            KnownSymbols.BlockingCollection => call.TargetMethod.Name is "Take",
            KnownSymbols.Thread => call.TargetMethod.Name is "Join" && !IsCurrentThread(call.Instance),
            KnownSymbols.File => call.TargetMethod.Name is "Copy",
            KnownSymbols.SpinWait => call.TargetMethod.Name is "SpinUntil",
            _ => false,
        }
        && !ReturnsAtOnce(call, symbols);

    /// <summary>The text of the blocking call in a message, without its arguments.</summary>
    public static string NameOf(IOperation operation) => operation.Syntax switch
    {
        InvocationExpressionSyntax { Expression: MemberBindingExpressionSyntax { Name: var name } } => name.ToString(),
        InvocationExpressionSyntax { Expression: var method } when method.ToString() is var text && text.IndexOf('\n') < 0 => text,
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name: var name } } => name.ToString(),
        _ => operation.Text(),
    };

    private static bool HasAsyncTwin(IInvocationOperation call, KnownSymbols symbols)
    {
        var name = call.TargetMethod.Name;
        return !symbols.IsTask(call.Type)
            && !name.EndsWith("Async", StringComparison.Ordinal)
            && symbols.KnownBaseOf(call.TargetMethod) switch
            {
                KnownSymbols.File => !IsQuick(name),
                KnownSymbols.Directory => !IsQuick(name)
                    && name is not ("GetCurrentDirectory" or "SetCurrentDirectory" or "GetDirectoryRoot" or "GetParent"),
                KnownSymbols.Thread => name is "Sleep",
                KnownSymbols.WaitHandle => name is "SignalAndWait",
                KnownSymbols.Process => name is "WaitForExit",
                KnownSymbols.DbConnection => name is "Open",
                KnownSymbols.DbCommand => name.StartsWith("Execute", StringComparison.Ordinal),
                KnownSymbols.HttpClient or KnownSymbols.Ping or KnownSymbols.SmtpClient => name is "Send",
                KnownSymbols.Dns => name.StartsWith("GetHost", StringComparison.Ordinal) && name is not "GetHostName",
                KnownSymbols.Task => name is "Wait",
                _ => IsGetResult(call, symbols),
            }
            && !ReturnsAtOnce(call, symbols);
    }

    private static bool IsQuick(string name) => name is "Exists" || name.StartsWith("Create", StringComparison.Ordinal);

    /// <summary>The GetResult() of an awaiter, of a task that a call returned.</summary>
    private static bool IsGetResult(IInvocationOperation call, KnownSymbols symbols)
    {
        if (call is not { TargetMethod.Name: "GetResult", Instance: { } awaiter }
            || awaiter.Unwrap() is not IInvocationOperation { TargetMethod.Name: "GetAwaiter", Instance: { } awaited })
        {
            return false;
        }

        var task = awaited.Unwrap();
        if (task is IInvocationOperation { TargetMethod.Name: "ConfigureAwait", Instance: { } configured })
        {
            task = configured.Unwrap();
        }

        return symbols.IsTask(task.Type) && StartsHere(task, symbols);
    }

    /// <summary>Whether a call returned the task. The task of a variable may be completed already.</summary>
    private static bool StartsHere(IOperation task, KnownSymbols symbols) =>
        task.Unwrap() is IInvocationOperation call
        && !(call.TargetMethod.Name.StartsWith("From", StringComparison.Ordinal)
            && symbols.OwnerOf(call.TargetMethod) is KnownSymbols.Task or KnownSymbols.ValueTask);

    private static bool IsCurrentThread(IOperation? thread) =>
        thread?.Unwrap() is IPropertyReferenceOperation { Property.Name: "CurrentThread" };

    /// <summary>Whether a timeout is the constant zero, so that the call only looks.</summary>
    private static bool ReturnsAtOnce(IInvocationOperation call, KnownSymbols symbols) => call.Arguments.Any(argument =>
        argument.Parameter is { } parameter
        && (symbols.Is(parameter.Type, KnownSymbols.TimeSpan)
            ? argument.Value.Unwrap() is IFieldReferenceOperation { Field: { Name: "Zero", IsStatic: true } } or IDefaultValueOperation
            : parameter.Name.StartsWith("milliseconds", StringComparison.Ordinal) && argument.Value.IsConstant(0)));
}
