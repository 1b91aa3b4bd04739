namespace AsyncKit;

/// <summary>Refuses blocking work that returns a task. Such work frees its thread at the first await, so the lane would
/// limit nothing.</summary>
internal static class TaskResultGuard
{
    /// <summary>Checks the type of the result, at the call.</summary>
    public static void CheckType<TResult>(string name)
    {
        if (Result<TResult>.IsRefused)
        {
            throw Refusal(typeof(TResult), name);
        }
    }

    /// <summary>Checks the result itself, for a task that the work returned as another type, such as object.</summary>
    public static void CheckValue<TResult>(TResult result)
    {
        if (typeof(TResult).IsValueType || result is null || !IsTask(result.GetType()))
        {
            return;
        }

        // Observes the task's exception: no caller gets the task.
        _ = (result as Task)?.ContinueWith(
            static task => task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        throw Refusal(result.GetType(), "work");
    }

    private static ArgumentException Refusal(Type type, string name) => new(
        $"{name} must not return a task; its result is a {(IsReferenceTask(type) ? nameof(Task) : nameof(ValueTask))}. "
        + "A lane is for blocking work: await an async operation directly, or pass it to FanOutAsync.",
        name);

    private static bool IsReferenceTask(Type type) => typeof(Task).IsAssignableFrom(type);

    private static bool IsTask(Type type) =>
        IsReferenceTask(type)
        || type == typeof(ValueTask)
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));

    /// <summary>Evaluates the check once per type.</summary>
    private static class Result<TResult>
    {
        public static readonly bool IsRefused = IsTask(typeof(TResult));
    }
}
