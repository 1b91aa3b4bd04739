namespace AsyncKit;

/// <summary>What goes on although nobody waits for it any more.</summary>
internal static class AbandonedTask
{
    /// <summary>Observes whatever becomes of it, counts it now and logs it when it has ended.</summary>
    public static void Observe(Task task, in DeadlineContext terms)
    {
        _ = WatchAsync(task, terms); // First: whatever the rest does, it is observed.
        try
        {
            ResilienceTelemetry.Abandoned.Add(1);
        }
        catch (Exception)
        {
            // A listener that throws must not take the place of the timeout.
        }
    }

    private static async Task WatchAsync(Task task, DeadlineContext terms)
    {
        Exception? thrown = null;
        var leftAt = Timestamp(terms.Clock);
        try
        {
            await task.NoContext();
        }
        catch (Exception exception)
        {
            thrown = exception;
        }

        if (terms.Logger is not { } logger)
        {
            return;
        }

        try
        {
            Log.Abandoned(logger, terms.Subject, terms.Clock.GetElapsedTime(leftAt), thrown);
        }
        catch (Exception)
        {
            // A logger or a clock that throws has nobody left to tell.
        }
    }

    private static long Timestamp(TimeProvider clock)
    {
        try
        {
            return clock.GetTimestamp();
        }
        catch (Exception)
        {
            return 0; // Then it throws at the end as well, or the time is wrong; the task is observed.
        }
    }
}
