namespace AsyncKit.Testing;

/// <summary>
/// Follows the code of a schedule to other threads by its ExecutionContext. Code on another thread counts as external work,
/// and receives a new SynchronizationContext of the schedule, so its next await returns to the schedule. The context is
/// new because a continuation never runs inline under a context other than its own.
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
