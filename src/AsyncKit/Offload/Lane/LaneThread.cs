namespace AsyncKit;

/// <summary>A thread of a lane. It runs an item, frees itself, completes the item's task, and takes the next item or
/// sleeps.</summary>
/// <remarks>
/// Lifetime: from <see cref="Start"/> until it receives the message to exit. Its last call is
/// <see cref="LaneEngine.ThreadExited"/>.
/// <para>
/// Invariants:
/// (1) The engine lists the thread as idle exactly while it has neither an item nor the message to exit. The code that
/// takes it off the list sends it one message: an item or Exit.
/// (2) The thread sleeps only after it has changed the message from null to Asleep. A sender that replaces Asleep wakes
/// it. So a message to a thread that still spins needs no wake-up.
/// (3) The thread is free before the task of its item completes. A caller that awaits the task and calls again can
/// reuse it.
/// (4) Threads that exit together form a chain: each sends Exit to the next when it exits.
/// </para>
/// </remarks>
internal sealed class LaneThread(LaneEngine engine, int number) : IThreadPoolWorkItem
{
    private const int MostSpins = 20;

    private static readonly object Asleep = new();
    private static readonly object Exit = new();

    [ThreadStatic]
    private static LaneItem? _current;

    private AutoResetEvent? _wake;
    private object? _message; // Null, Asleep, Exit or an item.
    private LaneItem? _item;
    private bool _exits;
    private bool _wasInterrupted;
    private LaneThread? _nextToExit;

    /// <summary>The work item that runs on the current thread; null if the thread is not a lane's.</summary>
    public static LaneItem? Current => _current;

    /// <summary>The time at which it became idle. For the engine, under its lock.</summary>
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

    /// <summary>Passes an item to a thread that the caller has taken off the list of idle threads.</summary>
    public void Assign(LaneItem item) => Send(item);

    /// <summary>Lets threads exit that the caller has taken off the list of idle threads. Each wakes the next: hundreds
    /// of threads that exit at once would keep the cores from other work.</summary>
    public static void ExitAll(List<LaneThread> threads)
    {
        for (var index = 1; index < threads.Count; index++)
        {
            threads[index - 1]._nextToExit = threads[index];
        }

        if (threads is [var first, ..])
        {
            first.Send(Exit);
        }
    }

    void IThreadPoolWorkItem.Execute() => Work();

    private void Work()
    {
        var own = ExecutionContext.Capture()!; // An empty context, for items whose caller suppresses its flow.
        while (_item is not null)
        {
            RunInContext(own); // A separate method: a local here would keep the item alive while the thread sleeps.
            if (_item is null && !_exits)
            {
                _item = WaitForItem();
            }
        }

        if (!_wasInterrupted) // Otherwise a sender may be about to set the event.
        {
            _wake?.Dispose();
        }

        _nextToExit?.Send(Exit);
        engine.ThreadExited();
    }

    private void RunInContext(ExecutionContext own) =>
        ExecutionContext.Run(_item!.Context ?? own, static thread => ((LaneThread)thread!).RunItem(), this);

    /// <summary>Runs the item and completes it. All of it is inside the item's context, so that the scheduler of a test
    /// sees the task complete before the thread is gone.</summary>
    private void RunItem()
    {
        var item = _item!;
        _current = item;
        item.Run();
        _current = null;
        _item = engine.TakeNext(this, item, out _exits);
        item.Complete();
    }

    private void Send(object message)
    {
        if (ReferenceEquals(Interlocked.Exchange(ref _message, message), Asleep))
        {
            _wake!.Set();
        }
    }

    private LaneItem? WaitForItem()
    {
        // Waking a thread costs more than a short spin. The second half of the spin yields to other threads.
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _message) is null && spinner.Count < MostSpins)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        if (Volatile.Read(ref _message) is null)
        {
            engine.WatchIdleTime();
            Sleep();
        }

        var item = Volatile.Read(ref _message) as LaneItem;
        Volatile.Write(ref _message, null); // Safe: nothing is sent until the engine lists the thread as idle again.
        return item;
    }

    private void Sleep()
    {
        _wake ??= new AutoResetEvent(initialState: false);
        if (Interlocked.CompareExchange(ref _message, Asleep, null) is not null)
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
                // User code that kept the thread interrupted it. The thread has no work, so the interrupt is dropped.
                _wasInterrupted = true;
            }
        }
        while (ReferenceEquals(Volatile.Read(ref _message), Asleep));
    }
}
