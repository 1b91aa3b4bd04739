namespace AsyncKit;

/// <summary>A callback that runs on the thread pool, in the given ExecutionContext or in an empty one.</summary>
internal sealed class ThreadPoolWork(Action callback, ExecutionContext? context) : IThreadPoolWorkItem
{
    public static void Queue(Action callback, ExecutionContext? context = null) =>
        AsyncEnvironment.Queue(new ThreadPoolWork(callback, context));

    void IThreadPoolWorkItem.Execute()
    {
        if (context is null)
        {
            callback();
        }
        else
        {
            ExecutionContext.Run(context, static callback => ((Action)callback!)(), callback);
        }
    }
}
