using System.Runtime.CompilerServices;

#pragma warning disable VSTHRD001 // Posts to the caller's context on purpose.

namespace AsyncKit;

/// <summary>Where and in which ExecutionContext the caller runs. Awaiting it returns there, so that user code runs in
/// the same place each time it is called.</summary>
/// <remarks>
/// The place is the one to which an await in the caller's code returns: its SynchronizationContext, otherwise its
/// TaskScheduler, otherwise any thread without either.
/// <para>
/// The library awaits without context and returns only before it calls user code. So a caller that blocks its thread
/// waits for that thread only if there is user code to call, for example a second attempt.
/// </para>
/// </remarks>
internal readonly struct CallerContext : ICriticalNotifyCompletion
{
    private readonly object? _place;
    private readonly ExecutionContext? _flow; // Null if its flow is suppressed.

    private CallerContext(object? place, ExecutionContext? flow) => (_place, _flow) = (place, flow);

    public bool IsCompleted => ReferenceEquals(Place(), _place) || AsyncEnvironment.Controller is not null;

    public static CallerContext Capture() => new(Place(), ExecutionContext.Capture());

    public CallerContext GetAwaiter() => this;

    public void GetResult() => RestoreFlow();

    /// <summary>Restores the caller's ExecutionContext, so that user code does not see what other user code
    /// set.</summary>
    public void RestoreFlow() => RestoreFlow(_flow);

    /// <param name="flow">The context of the caller; null if its flow is suppressed.</param>
    public static void RestoreFlow(ExecutionContext? flow)
    {
        if (flow is not null && ExecutionContext.Capture() != flow)
        {
            ExecutionContext.Restore(flow);
        }
    }

    /// <summary>Restores the context of a run on a thread that the run uses. Must be called where the change ends with
    /// the current async method or <see cref="ExecutionContext.Run"/>.</summary>
    /// <param name="flow">The context of the caller.</param>
    /// <param name="home">The SynchronizationContext of the threads of the run.</param>
    public static void Restore(ExecutionContext flow, SynchronizationContext? home)
    {
        RestoreFlow(flow);
        if (SynchronizationContext.Current != home)
        {
            SynchronizationContext.SetSynchronizationContext(home);
        }
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        try
        {
            switch (_place)
            {
                case SynchronizationContext context:
                    context.Post(static continuation => ((Action)continuation!)(), continuation);
                    return;
                case TaskScheduler scheduler:
                    new Task(continuation, CancellationToken.None, TaskCreationOptions.DenyChildAttach).Start(scheduler);
                    return;
            }
        }
        catch (Exception)
        {
            // The caller's window or scheduler is gone. A cleanup must still run, and a permit must not be lost.
        }

        ThreadPoolWork.Queue(continuation);
    }

    /// <summary>The place to which an await returns, by the rule of the runtime.</summary>
    private static object? Place()
    {
        if (SynchronizationContext.Current is { } context && context.GetType() != typeof(SynchronizationContext))
        {
            return context;
        }

        var scheduler = TaskScheduler.Current;
        return scheduler == TaskScheduler.Default ? null : scheduler;
    }
}
