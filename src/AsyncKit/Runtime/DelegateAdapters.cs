using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Brings the four shapes of an operation to the one that the engines await.</summary>
internal static class DelegateAdapters
{
    public static T NotNull<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }

    public static ValueTask<TResult> AsValueTask<TResult>(Task<TResult>? task) => new(task ?? throw NullTask());

    public static ValueTask AsValueTask(Task? task) => new(task ?? throw NullTask());

    public static ValueTask<Unit> WithUnitAsync(Task? task) =>
        WithUnitAsync(new ValueTask(task ?? throw NullTask()));

    public static ValueTask<Unit> WithUnitAsync(ValueTask task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            return AwaitWithNothingAsync(task);
        }

        task.Completed();
        return default;
    }

    public static ValueTask DropAsync(ValueTask<Unit> task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            return AwaitAndDropAsync(task);
        }

        _ = task.Completed();
        return default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Unit> AwaitWithNothingAsync(ValueTask task)
    {
        await task.NoContext();
        return default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask AwaitAndDropAsync(ValueTask<Unit> task) => _ = await task.NoContext();

    private static InvalidOperationException NullTask() => new("The operation returned null instead of a Task.");
}
