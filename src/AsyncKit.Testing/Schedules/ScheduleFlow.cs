namespace AsyncKit.Testing;

/// <summary> Follows the code of a schedule to other threads by its ExecutionContext. There it counts as external work.
/// It also gets a SynchronizationContext of the schedule, so that its next continuation returns to the controlled
/// thread. The context is a new one, because a continuation never runs inline under another context.</summary>
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

        if (change.PreviousValue is { IsOnControlledThread: false } previous)
        {
            previous.ExternalWork.Exit();
        }

        if (change.CurrentValue is { IsOnControlledThread: false } current)
        {
            current.ExternalWork.Enter();
            if (SynchronizationContext.Current is null)
            {
                SynchronizationContext.SetSynchronizationContext(new ControlledContext(current));
            }
        }
    }
}
