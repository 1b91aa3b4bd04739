namespace AsyncKit.Testing;

/// <summary> Turns continuations into steps of a <see cref="Schedule"/>, and detects blocking waits, which the runtime
/// delegates to the current context. A schedule has two equal contexts, and the seed selects the one of each step. A
/// continuation may run inline only if it was awaited under the same context, so both cases occur.</summary>
/// <remarks>AsyncKit recognizes it by <see cref="IServiceProvider"/>, from which it gets the clock and the random
/// numbers.</remarks>
internal sealed class ControlledContext : SynchronizationContext, IServiceProvider
{
    private readonly Schedule _schedule;

    public ControlledContext(Schedule schedule)
    {
        _schedule = schedule;
        SetWaitNotificationRequired();
    }

    public override void Post(SendOrPostCallback d, object? state) => _schedule.Post(d, state);

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!_schedule.IsOnControlledThread)
        {
            throw new NotSupportedException("Send is not supported, because it blocks; use Post.");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    public override int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout) =>
        _schedule.Wait(waitHandles, waitAll, millisecondsTimeout);

    /// <summary>Blocks the thread, for <see cref="Schedule.Wait"/>.</summary>
    public static int Block(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout) =>
        WaitHelper(waitHandles, waitAll, millisecondsTimeout);

    public object? GetService(Type serviceType) =>
        serviceType == typeof(TimeProvider) ? _schedule.Time
        : serviceType == typeof(Random) ? _schedule.Random
        : null;
}
