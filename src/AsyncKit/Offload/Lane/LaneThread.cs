namespace AsyncKit;

/// <summary>
/// One thread of a lane: runs an item, becomes free, completes the item's task, and takes the next or sleeps.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) It is on the stack of idle threads exactly while it has neither an item nor been let go; whoever takes it from
/// there gives it one thing, an item or the word to go.
/// (2) It sleeps only after it has changed nothing to Asleep; whoever gives it something finds that and wakes it. So a
/// thread that has not fallen asleep yet costs no wake.
/// (3) It is free before the task of its item ends: who awaits that and comes again finds it.
/// (4) Of those that are let go together each lets go of the next when it ends, so each of them ends.
/// </remarks>
internal sealed class LaneThread(LaneEngine engine, int number) : IThreadPoolWorkItem
{
    private const int MostSpins = 20;

    private static readonly object Asleep = new();
    private static readonly object Go = new();

    [ThreadStatic]
    private static LaneItem? _current;

    private AutoResetEvent? _wake;
    private object? _given;
    private LaneItem? _item;
    private bool _leaves;
    private bool _wasInterrupted;
    private LaneThread? _after;

    /// <summary>The work that runs on the current thread, if that is a lane's.</summary>
    public static LaneItem? Current => _current;

    // The engine's, under its lock.
    public LaneThread? Above { get; set; }

    public LaneThread? Below { get; set; }

    public bool IsIdle { get; set; }

    public long IdleSince { get; set; }

    public void Start(LaneItem item, Action<Thread> start)
    {
        _item = item;
        if (engine.UsesPool)
        {
            AsyncEnvironment.QueueBlocking(this);
            return;
        }

        start(new Thread(Work)
        {
            IsBackground = true,
            Name = FormattableString.Invariant($"AsyncKit:{engine.Options.Name}-{number}"),
        });
    }

    /// <summary>By whoever has taken it from the stack.</summary>
    public void Take(LaneItem item) => Hand(item);

    /// <summary>By whoever has taken all of them from the stack. One wakes the next: hundreds of threads that end at once
    /// would keep the cores from other work.</summary>
    public static void LetGo(List<LaneThread> threads)
    {
        for (var index = 1; index < threads.Count; index++)
        {
            threads[index - 1]._after = threads[index];
        }

        if (threads is [var first, ..])
        {
            first.Hand(Go);
        }
    }

    void IThreadPoolWorkItem.Execute() => Work();

    private void Work()
    {
        var own = ExecutionContext.Capture()!; // With nothing in it: for work whose caller lets no context flow.
        while (_item is not null)
        {
            RunInContext(own); // A method of its own: a local here would keep the item while the thread sleeps.
            if (_item is null && !_leaves)
            {
                _item = WaitForItem();
            }
        }

        if (!_wasInterrupted) // Otherwise somebody may still be about to set it.
        {
            _wake?.Dispose();
        }

        _after?.Hand(Go);
        engine.Leave();
    }

    private void RunInContext(ExecutionContext own) =>
        ExecutionContext.Run(_item!.Context ?? own, static thread => ((LaneThread)thread!).RunItem(), this);

    /// <summary>Inside the item's context, so that a test's scheduler sees its task end before the thread goes.</summary>
    private void RunItem()
    {
        var item = _item!;
        _current = item;
        item.Run();
        _current = null;
        _item = engine.Free(this, item, out _leaves);
        item.Complete();
    }

    private void Hand(object given)
    {
        if (ReferenceEquals(Interlocked.Exchange(ref _given, given), Asleep))
        {
            _wake!.Set();
        }
    }

    private LaneItem? WaitForItem()
    {
        // To wake a thread costs more than a moment of spinning, of which the second half is left to others.
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _given) is null && spinner.Count < MostSpins)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        if (Volatile.Read(ref _given) is null)
        {
            engine.WatchIdleTime();
            Sleep();
        }

        var item = Volatile.Read(ref _given) as LaneItem;
        Volatile.Write(ref _given, null); // Nobody gives before the engine has it on the stack again.
        return item;
    }

    private void Sleep()
    {
        _wake ??= new AutoResetEvent(initialState: false);
        if (Interlocked.CompareExchange(ref _given, Asleep, null) is not null)
        {
            return;
        }

        do
        {
            try
            {
                _ = _wake.WaitOne();
            }
            catch (ThreadInterruptedException)
            {
                // By someone who has kept the thread. It is nobody's now.
                _wasInterrupted = true;
            }
        }
        while (ReferenceEquals(Volatile.Read(ref _given), Asleep));
    }
}
