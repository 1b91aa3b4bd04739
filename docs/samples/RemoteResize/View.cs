using System.Globalization;

namespace RemoteResize;

/// <summary>A line with a progress bar and the items of each worker. Nothing if the output is redirected.</summary>
internal static class View
{
    private const int Width = 40;

    public static void Draw(int done, int all, int[] workers)
    {
        if (!Console.IsOutputRedirected)
        {
            var filled = done * Width / all;
            var counts = string.Join("  ", workers.Select((count, index) => string.Create(
                CultureInfo.InvariantCulture, $"worker {index + 1}: {count,4}")));
            Console.Write($"\r[{new string('#', filled)}{new string('.', Width - filled)}] {done,4}/{all}  {counts}");
        }
    }

    public static void End()
    {
        if (!Console.IsOutputRedirected)
        {
            Console.WriteLine();
        }
    }
}
