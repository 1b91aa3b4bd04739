namespace AsyncKit;

/// <summary>The user's functions that return a Task, or nothing, in the one shape that is run.</summary>
internal static class Shapes
{
    public static Func<CancellationToken, ValueTask<T>> Of<T>(Func<CancellationToken, Task<T>> function, string name)
    {
        ArgumentNullException.ThrowIfNull(function, name);
        return token => new ValueTask<T>(function(token) ?? throw NullTask());
    }

    public static Func<CancellationToken, ValueTask<Unit>> Of(
        Func<CancellationToken, ValueTask> function, string name)
    {
        ArgumentNullException.ThrowIfNull(function, name);
        return async token =>
        {
            await function(token).NoContext();
            return default;
        };
    }

    public static Func<CancellationToken, ValueTask<Unit>> Of(Func<CancellationToken, Task> function, string name)
    {
        ArgumentNullException.ThrowIfNull(function, name);
        return async token =>
        {
            await (function(token) ?? throw NullTask()).NoContext();
            return default;
        };
    }

    public static Func<T, CancellationToken, ValueTask<TResult>> Of<T, TResult>(
        Func<T, CancellationToken, Task<TResult>> function, string name)
    {
        ArgumentNullException.ThrowIfNull(function, name);
        return (one, token) => new ValueTask<TResult>(function(one, token) ?? throw NullTask());
    }

    public static Func<T, CancellationToken, ValueTask<Unit>> Of<T>(
        Func<T, CancellationToken, ValueTask> function, string name)
    {
        ArgumentNullException.ThrowIfNull(function, name);
        return async (one, token) =>
        {
            await function(one, token).NoContext();
            return default;
        };
    }

    public static Func<T, CancellationToken, ValueTask<Unit>> Of<T>(
        Func<T, CancellationToken, Task> function, string name)
    {
        ArgumentNullException.ThrowIfNull(function, name);
        return async (one, token) =>
        {
            await (function(one, token) ?? throw NullTask()).NoContext();
            return default;
        };
    }

    private static InvalidOperationException NullTask() => new("The function returned null instead of a Task.");
}
