namespace AsyncKit;

/// <summary>What goes on although nobody waits for it any more.</summary>
internal static class Orphan
{
    /// <summary>Observes whatever becomes of it, counts it now and logs it when it has ended.</summary>
    public static void Leave(Task task, in DeadlineTerms terms)
    {
        ResilienceTelemetry.Abandoned.Add(1);
        _ = WatchAsync(task, terms, terms.Clock.GetTimestamp());
    }

    private static async Task WatchAsync(Task task, DeadlineTerms terms, long leftAt)
    {
        Exception? thrown = null;
        try
        {
            await task.Cfg();
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
            // A logger that throws has nobody left to tell.
        }
    }
}
