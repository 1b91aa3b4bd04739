namespace AsyncKit.Tests;

/// <summary>Calls on a thread that <see cref="Thread.Interrupt"/> hits.</summary>
internal static class Interrupts
{
    /// <summary>Makes a call on a thread with a pending interrupt. Opens the gate once the thread waits.</summary>
    public static async Task CallAsync(Action call, BlockingGate gate)
    {
        Exception? failure = null;
        Exception? next = null;
        var thread = new Thread(() =>
        {
            Thread.CurrentThread.Interrupt();
            failure = Record.Exception(call);
            next = Record.Exception(Lanes.AnyWait);
        });
        thread.Start();
        await Hang.UntilAsync(() => !thread.IsAlive || thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        gate.Open();
        await Hang.UntilAsync(() => !thread.IsAlive);

        Assert.Null(failure);
        Assert.IsType<ThreadInterruptedException>(next); // The interrupt is kept for the caller's own waits.
    }
}
