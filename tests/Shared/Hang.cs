namespace AsyncKit.Tests;

/// <summary>Turns a test that would hang into one that fails. No test depends on the length of the limit. Under a
/// schedule, AsyncTest finds the deadlock without it.</summary>
internal static class Hang
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task OrHangs(this Task task) => World.IsScheduled ? task : task.WaitAsync(Limit);

    public static Task<T> OrHangs<T>(this Task<T> task) => World.IsScheduled ? task : task.WaitAsync(Limit);

    /// <summary>Waits for a state that no signal announces, without blocking a thread.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Limit, "The state was not reached.");
            await Task.Yield();
        }
    }
}
