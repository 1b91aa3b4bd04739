namespace AsyncKit;

/// <summary>Disposes objects that may be disposable, asynchronously if they support it.</summary>
internal static class Disposal
{
    public static bool IsPossible(object? resource) => resource is IAsyncDisposable or IDisposable;

    public static ValueTask DisposeAsync(object? resource)
    {
        if (resource is IAsyncDisposable asyncDisposable)
        {
            return asyncDisposable.DisposeAsync();
        }

        (resource as IDisposable)?.Dispose();
        return default;
    }
}
