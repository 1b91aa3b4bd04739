namespace AsyncKit;

/// <summary>Disposes what may be disposable: asynchronously if it can.</summary>
internal static class Disposal
{
    public static bool IsPossible(object? resource) => resource is IAsyncDisposable or IDisposable;

    public static ValueTask DisposeAsync(object? resource)
    {
        switch (resource)
        {
            case IAsyncDisposable asyncDisposable:
                return asyncDisposable.DisposeAsync();
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }

        return default;
    }
}
