using AsyncKit;

#pragma warning disable VSTHRD002 // These waits are planted.

namespace BlockingSample;

/// <summary>Common mistakes. Each one blocks until the detector reports it.</summary>
internal static class Planted
{
    /// <summary>More than the thread pool adds threads for, so that other work has to wait.</summary>
    private const int ManyItems = 1000;

    private static readonly string[] Names = ["a", "b", "c"];

    public static string ReadsResult(Task<string> found) => found.Result;

    public static void Waits(Task<string> found) => found.Wait();

    public static void StarvesByResult(Task<string> found)
    {
        for (var item = 0; item < ManyItems; item++)
        {
            _ = Task.Run(() => ReadsResult(found));
        }
    }

    public static void StarvesBySleep(Task<string> found)
    {
        for (var item = 0; item < ManyItems; item++)
        {
            _ = Task.Run(() => Sleeps(found));
        }
    }

    public static Task HasSlowPrefixAsync(Task<string> found) => Names.FanOutAsync(3, async (name, _) =>
    {
        if (name is "b")
        {
            Thread.Sleep(200); // Before the first await: the item keeps its thread.
        }

        await found;
    });

    private static void Sleeps(Task<string> found)
    {
        while (!found.IsCompleted)
        {
            Thread.Sleep(10);
        }
    }
}
