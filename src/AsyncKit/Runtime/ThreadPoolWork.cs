namespace AsyncKit;

/// <summary>A call to be made on the pool, in the ExecutionContext that it brings or in an empty one.</summary>
internal sealed class ThreadPoolWork : IThreadPoolWorkItem
{
    private readonly Action _call;
    private readonly ExecutionContext? _context;

    private ThreadPoolWork(Action call, ExecutionContext? context)
    {
        _call = call;
        _context = context;
    }

    public static void Queue(Action call, ExecutionContext? context = null) => AsyncEnvironment.Queue(new ThreadPoolWork(call, context));

    void IThreadPoolWorkItem.Execute()
    {
        if (_context is null)
        {
            _call();
        }
        else
        {
            ExecutionContext.Run(_context, static call => ((Action)call!)(), _call);
        }
    }
}
