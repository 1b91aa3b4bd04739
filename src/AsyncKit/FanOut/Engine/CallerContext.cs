namespace AsyncKit;

/// <summary>The context of the caller of a run, restored before user code runs.</summary>
internal static class CallerContext
{
    /// <summary>Restores the context on the current thread. Must be called where the change ends with the current async
    /// method or <see cref="ExecutionContext.Run"/>.</summary>
    public static void Restore(ExecutionContext context, SynchronizationContext? home)
    {
        if (ExecutionContext.Capture() != context)
        {
            ExecutionContext.Restore(context);
        }

        if (SynchronizationContext.Current != home)
        {
            SynchronizationContext.SetSynchronizationContext(home);
        }
    }
}
