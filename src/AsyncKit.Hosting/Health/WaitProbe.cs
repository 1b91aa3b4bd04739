namespace AsyncKit.Hosting;

/// <summary>Measures how long a caller of a gate or a lane waits, with at most one waiter in the queue.</summary>
/// <param name="clock">The clock.</param>
/// <param name="enterAsync">Waits for a permit or a thread, and releases it at once.</param>
/// <remarks>Lifetime: that of its health check. Queues are served in order of arrival. So the age of the waiter is the time
/// that any caller behind it waits at least. A waiter that a full lane rejects counts as one that still waits.</remarks>
internal sealed class WaitProbe(TimeProvider clock, Func<Task> enterAsync)
{
    private readonly Lock _lock = new();
    private Task? _waiter;
    private long _since;

    /// <summary>Starts a waiter, unless one waits already.</summary>
    /// <returns>The age of the waiter; zero if it did not have to wait, or if an earlier one waits no more.</returns>
    public TimeSpan Measure()
    {
        lock (_lock)
        {
            if (_waiter is null || _waiter.IsCompletedSuccessfully)
            {
                _since = clock.GetTimestamp();
                _waiter = EnterAsync();
            }
            else if (_waiter.IsCompleted)
            {
                _waiter = EnterAsync();
            }

            return _waiter.IsCompletedSuccessfully ? TimeSpan.Zero : clock.GetElapsedTime(_since);
        }
    }

    /// <summary>Forgets the waiter. It leaves the queue when it is served.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _waiter = null;
        }
    }

    /// <summary>The exception of a waiter has no receiver.</summary>
    private static async Task ObserveAsync(Task waiter) => await waiter.NoThrow();

    private Task EnterAsync()
    {
        var waiter = enterAsync();
        _ = ObserveAsync(waiter);
        return waiter;
    }
}
