namespace AsyncKit.Testing.Tests;

/// <summary>The lock that a schedule uses inside the waits of its context.</summary>
public sealed class SpinningLockTests
{
    private const int Threads = 4;
    private const int Rounds = 20_000;

    private readonly SpinningLock _lock = new();
    private int _entered;
    private int _inside;
    private int _maxInside;
    private int _contextWaits;

    [Fact]
    public void Contended_threads_enter_one_by_one_and_never_wait_through_the_context()
    {
        InitializeTheRuntime();
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(Contend)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(Threads * Rounds, _entered);
        Assert.Equal(1, _maxInside);
        Assert.Equal(0, _contextWaits);
    }

    [Fact]
    public void The_owner_may_enter_again_and_frees_the_lock_when_it_leaves_the_outer_scope()
    {
        using (_lock.Enter())
        {
            using (_lock.Enter())
            {
                _entered++;
            }

            _entered++;
        }

        var other = new Thread(EnterOnce);
        other.Start();
        other.Join();
        Assert.Equal(3, _entered);
    }

    /// <summary>The first thread that spins initializes types of the runtime. Others that come meanwhile wait for it, and
    /// such a wait goes through the context.</summary>
    private static void InitializeTheRuntime()
    {
        var spinner = default(SpinWait);
        while (spinner.Count < 50) // Every way to wait is among them.
        {
            spinner.SpinOnce();
        }
    }

    private void Contend()
    {
        SynchronizationContext.SetSynchronizationContext(new ReentrantContext(this));
        for (var round = 0; round < Rounds; round++)
        {
            EnterOnce();
        }
    }

    private void EnterOnce()
    {
        using (_lock.Enter())
        {
            _inside++;
            _maxInside = Math.Max(_maxInside, _inside);
            _entered++;
            if (_entered % 100 == 0)
            {
                Thread.Yield(); // Makes the others wait.
            }

            _inside--;
        }
    }

    /// <summary>Enters the lock for each wait, as the context of a schedule does.</summary>
    private sealed class ReentrantContext : SynchronizationContext
    {
        private readonly SpinningLockTests _test;

        public ReentrantContext(SpinningLockTests test)
        {
            _test = test;
            SetWaitNotificationRequired();
        }

        public override int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
        {
            using (_test._lock.Enter())
            {
                _test._contextWaits++;
            }

            return WaitHelper(waitHandles, waitAll, millisecondsTimeout);
        }
    }
}
