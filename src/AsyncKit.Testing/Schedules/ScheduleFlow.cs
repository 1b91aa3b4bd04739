namespace AsyncKit.Testing;

/// <summary>
/// Follows the code of a schedule to other threads by the ExecutionContext that goes with it. There it counts as
/// running outside, and gets a SynchronizationContext of the schedule, so that what it awaits next comes back: a new one, since
/// what was awaited under another one never continues in line.
/// </summary>
internal static class ScheduleFlow
{
    private static readonly AsyncLocal<Schedule?> Local = new(OnChanged);

    public static Schedule? Current
    {
        get => Local.Value;
        set => Local.Value = value;
    }

    private static void OnChanged(AsyncLocalValueChangedArgs<Schedule?> change)
    {
        if (!change.ThreadContextChanged)
        {
            return;
        }

        if (change.PreviousValue is { IsOnItsThread: false } left)
        {
            left.ExternalWork.Leave();
        }

        if (change.CurrentValue is { IsOnItsThread: false } entered)
        {
            entered.ExternalWork.Enter();
            if (SynchronizationContext.Current is null)
            {
                SynchronizationContext.SetSynchronizationContext(new ControlledContext(entered));
            }
        }
    }
}
