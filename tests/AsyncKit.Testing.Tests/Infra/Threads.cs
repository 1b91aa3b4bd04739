namespace AsyncKit.Testing.Tests;

internal static class Threads
{
    /// <summary>Runs the action on that many new threads, and throws the first exception.</summary>
    public static void Run(int count, Action<int> action)
    {
        Exception? failure = null;
        var threads = Enumerable.Range(0, count).Select(index => new Thread(() =>
        {
            try
            {
                action(index);
            }
            catch (Exception exception)
            {
                failure ??= exception;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (failure is not null)
        {
            throw new InvalidOperationException("A thread failed.", failure);
        }
    }
}
