namespace AsyncKit.Testing;

/// <summary>
/// Turns continuations into steps of a <see cref="Schedule"/>, and detects blocking waits, which the runtime delegates to
/// the current context.
/// </summary>
/// <remarks>
/// A schedule has two equal contexts, and chance decides which one is current during a step. A continuation that was
/// awaited under the current context may run inline; one that was awaited under the other context is posted.
/// AsyncKit recognizes the context by <see cref="IServiceProvider"/> and requests the clock and random numbers from it.
/// </remarks>
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
        if (!_schedule.IsOnItsThread)
        {
            throw new NotSupportedException("SynchronizationContext.Send blocks; AsyncTest supports only Post.");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    public override int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout) =>
        _schedule.Wait(waitHandles, waitAll, millisecondsTimeout);

    /// <summary>Blocks the thread. Only <see cref="Schedule.Wait"/> calls it.</summary>
    public static int ReallyWait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout) =>
        WaitHelper(waitHandles, waitAll, millisecondsTimeout);

    public object? GetService(Type serviceType) =>
        serviceType == typeof(TimeProvider) ? _schedule.Time
        : serviceType == typeof(Random) ? _schedule.Random
        : null;
}
