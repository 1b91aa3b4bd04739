namespace AsyncKit.Testing;

/// <summary>
/// Makes continuations steps of a <see cref="Schedule"/>, and finds blocking waits: the runtime asks the current
/// context to do them. A schedule has two that are alike. Which one a step runs under is left to chance, because what was
/// awaited under the same one may continue in line, and what was awaited under the other one may not.
/// </summary>
/// <remarks>AsyncKit recognizes it by <see cref="IServiceProvider"/> and asks it for the clock and for
/// randomness.</remarks>
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
            throw new NotSupportedException("SynchronizationContext.Send blocks; AsyncTest has only Post.");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    public override int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout) =>
        _schedule.Wait(waitHandles, waitAll, millisecondsTimeout);

    /// <summary>For <see cref="Schedule.Wait"/>.</summary>
    public static int ReallyWait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout) =>
        WaitHelper(waitHandles, waitAll, millisecondsTimeout);

    public object? GetService(Type serviceType) =>
        serviceType == typeof(TimeProvider) ? _schedule.Time
        : serviceType == typeof(Random) ? _schedule.Random
        : null;
}
