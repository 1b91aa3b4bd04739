namespace AsyncKit;

/// <summary>
/// Blocking work must not return a task: its thread would be given back while what it has started still runs.
/// </summary>
internal static class TaskResultGuard
{
    public const string Reason =
        "A lane is for blocking work. An async operation would give its thread back at its first await: await it, or use "
        + "FanOutAsync for many.";

    /// <summary>At the call, for what the type of the result says.</summary>
    public static void CheckType<TResult>(string name)
    {
        if (Result<TResult>.IsRefused)
        {
            throw Refusal<TResult>(name);
        }
    }

    public static ArgumentException Refusal<TResult>(string name) =>
        new($"{name} must not return a task, but returns {typeof(TResult).Name}. {Reason}", name);

    /// <summary>After the work, for a task that came as something else, such as an object.</summary>
    public static void Check<TResult>(TResult result)
    {
        if (typeof(TResult).IsValueType || result is null || !IsTask(result.GetType()))
        {
            return;
        }

        // Observed here, since nobody else will.
        _ = (result as Task)?.ContinueWith(
            static task => task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
#pragma warning disable CA2208, MA0015 // It is the parameter of the call that this is the outcome of.
        throw new ArgumentException($"work must not return a task, but has returned a {result.GetType().Name}. {Reason}", "work");
#pragma warning restore CA2208, MA0015
    }

    private static bool IsTask(Type type) =>
        typeof(Task).IsAssignableFrom(type)
        || type == typeof(ValueTask)
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));

    private static class Result<TResult>
    {
        public static readonly bool IsRefused = IsTask(typeof(TResult));
    }
}
