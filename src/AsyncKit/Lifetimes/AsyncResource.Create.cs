namespace AsyncKit;

/// <summary>Makes an <see cref="AsyncResource{T}"/> of two functions.</summary>
public static class AsyncResource
{
    /// <summary>How to acquire something and how to release it.</summary>
    /// <typeparam name="T">The resource.</typeparam>
    /// <param name="acquire">Called once for each use, with the token of the user.</param>
    /// <param name="release">Called once for each use that has acquired, with a fresh token.</param>
    /// <param name="options">The limit of the release; null for the defaults. In an <see cref="AsyncScope"/> those of the
    /// scope count.</param>
    /// <returns>The two as one value. Nothing is acquired yet.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="acquire"/> or <paramref name="release"/> is
    /// null.</exception>
    public static AsyncResource<T> Create<T>(
        Func<CancellationToken, ValueTask<T>> acquire,
        Func<T, CancellationToken, ValueTask> release,
        AsyncScopeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(acquire);
        ArgumentNullException.ThrowIfNull(release);
        return new AsyncResource<T>(acquire, release, options);
    }
}
