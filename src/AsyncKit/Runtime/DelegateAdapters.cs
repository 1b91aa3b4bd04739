using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Converts the four signatures of user-supplied functions to the one that the engines await.</summary>
internal static class DelegateAdapters
{
    public static Func<CancellationToken, ValueTask<T>> Adapt<T>(
        Func<CancellationToken, Task<T>> function, [CallerArgumentExpression(nameof(function))] string name = "")
    {
        _ = Guards.NotNull(function, name);
        return token => AsValueTask(function(token));
    }

    public static Func<CancellationToken, ValueTask<Unit>> Adapt(
        Func<CancellationToken, ValueTask> function, [CallerArgumentExpression(nameof(function))] string name = "")
    {
        _ = Guards.NotNull(function, name);
        return token => WithUnitAsync(function(token));
    }

    public static Func<CancellationToken, ValueTask<Unit>> Adapt(
        Func<CancellationToken, Task> function, [CallerArgumentExpression(nameof(function))] string name = "")
    {
        _ = Guards.NotNull(function, name);
        return token => WithUnitAsync(function(token));
    }

    public static Func<T, CancellationToken, ValueTask<TResult>> Adapt<T, TResult>(
        Func<T, CancellationToken, Task<TResult>> function, [CallerArgumentExpression(nameof(function))] string name = "")
    {
        _ = Guards.NotNull(function, name);
        return (item, token) => AsValueTask(function(item, token));
    }

    public static Func<T, CancellationToken, ValueTask<Unit>> Adapt<T>(
        Func<T, CancellationToken, ValueTask> function, [CallerArgumentExpression(nameof(function))] string name = "")
    {
        _ = Guards.NotNull(function, name);
        return (item, token) => WithUnitAsync(function(item, token));
    }

    public static Func<T, CancellationToken, ValueTask<Unit>> Adapt<T>(
        Func<T, CancellationToken, Task> function, [CallerArgumentExpression(nameof(function))] string name = "")
    {
        _ = Guards.NotNull(function, name);
        return (item, token) => WithUnitAsync(function(item, token));
    }

    public static Func<T, CancellationToken, ValueTask> WithoutResult<T>(
        Func<T, CancellationToken, Task> function, [CallerArgumentExpression(nameof(function))] string name = "")
    {
        _ = Guards.NotNull(function, name);
        return (item, token) => AsValueTask(function(item, token));
    }

    public static ValueTask<TResult> AsValueTask<TResult>(Task<TResult>? task) => new(task ?? throw NullTask());

    public static ValueTask AsValueTask(Task? task) => new(task ?? throw NullTask());

    public static ValueTask<Unit> WithUnitAsync(Task? task) =>
        WithUnitAsync(new ValueTask(task ?? throw NullTask()));

    public static ValueTask<Unit> WithUnitAsync(ValueTask task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            return AwaitWithUnitAsync(task);
        }

        task.Completed();
        return default;
    }

    public static ValueTask WithoutUnitAsync(ValueTask<Unit> task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            return AwaitWithoutUnitAsync(task);
        }

        _ = task.Completed();
        return default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Unit> AwaitWithUnitAsync(ValueTask task)
    {
        await task.NoContext();
        return default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask AwaitWithoutUnitAsync(ValueTask<Unit> task) => _ = await task.NoContext();

    private static InvalidOperationException NullTask() => new("The operation returned null instead of a Task.");
}
