#pragma warning disable VSTHRD002, VSTHRD103, xUnit1031 // Blocking waits are the subject of the tests.
#pragma warning disable CA2008, MA0134, MA0158, VSTHRD105, VSTHRD110 // The default scheduler is another subject.

namespace AsyncKit.Testing.Tests;

/// <summary>Tests code that leaves the controlled thread, and code that blocks it.</summary>
public sealed class AsyncTestThreadTests
{
    private static readonly AsyncTestOptions Few = new() { Schedules = 20 };

    [Fact]
    public void Thread_pool_work_completes_before_the_next_step() => AsyncTest.Run(
        async context =>
        {
            var done = false;
            _ = Task.Run(() =>
            {
                Thread.Sleep(1); // Far longer than the rest of the body.
                done = true;
            });
            await Task.Yield();
            Assert.True(done);
        },
        Few);

    [Fact]
    public void Code_after_Task_Run_continues_on_the_controlled_thread() => AsyncTest.Run(
        async context =>
        {
            var controlled = Environment.CurrentManagedThreadId;
            var other = await Task.Run(() => Environment.CurrentManagedThreadId);
            Assert.NotEqual(controlled, other);
            Assert.Equal(controlled, Environment.CurrentManagedThreadId);
            await Task.Run(async () =>
            {
                await Task.Yield();
                Assert.Equal(controlled, Environment.CurrentManagedThreadId);
            });
        },
        Few);

    [Fact]
    public void A_body_may_return_Task_Run() => AsyncTest.Run(
        context => Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), context.Time);
            await Task.Run(() => { });
        }),
        Few);

    [Fact]
    public void A_failure_inside_Task_Run_fails_the_body() =>
        Assert.IsType<FormatException>(Found.By(_ => Task.Run(() => throw new FormatException()), 3).InnerException);

    [Fact]
    public void ContinueWith_and_StartNew_complete_before_the_next_step() => AsyncTest.Run(
        async context =>
        {
            var first = Task.Factory.StartNew(() => 1);
            var second = first.ContinueWith(task => task.Result + 1);
            var inner = await Task.Factory.StartNew(async () =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1), context.Time);
                return 3;
            });
            var longRunning = Task.Factory.StartNew(() => 4, TaskCreationOptions.LongRunning);
            var here = Task.Factory.StartNew(
                () => 5,
                CancellationToken.None,
                TaskCreationOptions.None,
                TaskScheduler.FromCurrentSynchronizationContext());
            Assert.Equal(15, first.Result + await second + await inner + await longRunning + await here);
        },
        Few);

    [Fact]
    public void QueueUserWorkItem_completes_before_the_next_step() => AsyncTest.Run(
        async context =>
        {
            var done = 0;
            ThreadPool.QueueUserWorkItem(_ => done++);
            await Task.Yield();
            Assert.Equal(1, done);
            ThreadPool.UnsafeQueueUserWorkItem(_ => done++, null);
            await Task.Yield();
            Assert.Equal(2, done);
        },
        Few);

    /// <summary>Unrelated code occupies the thread pool for longer than the timeout of invisible work.</summary>
    [Fact]
    public void A_queued_item_completes_before_the_next_step_even_after_a_collection_moved_it() => AsyncTest.Run(
        async context =>
        {
            var done = false;
            QueueWorkOfOthers();
            var item = Task.Run(() => done = true);
            GC.Collect();

            await Task.Delay(TimeSpan.FromSeconds(1), context.Time);

            Assert.True(done);
            await item;

            static void QueueWorkOfOthers()
            {
                using (ExecutionContext.SuppressFlow())
                {
                    var thread = new Thread(() =>
                    {
                        for (var i = 0; i < 10 * Environment.ProcessorCount; i++)
                        {
                            _ = Task.Run(() => Thread.Sleep(10));
                        }
                    });
                    thread.Start();
                    thread.Join();
                }
            }
        },
        new() { Schedules = 3 });

    [Fact]
    public void A_new_thread_may_complete_a_task_that_the_body_awaits() => AsyncTest.Run(
        async context =>
        {
            var completion = new TaskCompletionSource<int>();
            new Thread(() =>
            {
                Thread.Sleep(5);
                completion.SetResult(1);
            }).Start();
            Assert.Equal(1, await completion.Task);
        },
        new() { Schedules = 5 });

    [Fact]
    public void A_blocked_thread_may_set_a_timer_that_the_body_waits_for() => AsyncTest.Run(
        async context =>
        {
            var completion = new TaskCompletionSource();
            new Thread(() =>
            {
                using var never = new ManualResetEventSlim();
                Assert.False(never.Wait(20)); // The schedule does not wait for a blocked thread.
                _ = context.Time.CreateTimer(
                    _ => completion.SetResult(), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            }).Start();
            await completion.Task;
        },
        new() { Schedules = 3 });

    [Fact]
    public void Work_without_a_flowing_ExecutionContext_completes_before_the_next_step() => AsyncTest.Run(
        async context =>
        {
            var done = false;
            Task task;
            using (ExecutionContext.SuppressFlow())
            {
                task = Task.Run(() => done = true);
            }

            await Task.Yield();
            Assert.True(done);
            await task;
        },
        Few);

    [Fact]
    public void An_ExecutionContext_on_another_thread_counts_as_external_work_while_it_runs() => AsyncTest.Run(
        async context =>
        {
            var captured = ExecutionContext.Capture()!;
            var done = false;
            using (ExecutionContext.SuppressFlow())
            {
                new Thread(() =>
                {
                    ExecutionContext.Run(captured, _ => { }, null);
                    ExecutionContext.Run(captured, _ => ExecutionContext.Run(captured, _ => { }, null), null);
                    Assert.Throws<FormatException>(
                        () => ExecutionContext.Run(captured, _ => throw new FormatException(), null));
                    ExecutionContext.Restore(captured);
                    Thread.Sleep(1);
                    done = true;
                }).Start();
            }

            while (!done)
            {
                await Task.Run(() => Thread.Sleep(0));
            }

            await Task.Delay(TimeSpan.FromSeconds(1), context.Time);
        },
        new() { Schedules = 5 });

    [Fact]
    public void A_blocking_wait_on_the_controlled_thread_throws_at_the_wait()
    {
        var never = new TaskCompletionSource<int>();
        using var semaphore = new SemaphoreSlim(0);
        using var slim = new ManualResetEventSlim();
        using var handle = new ManualResetEvent(false);
        var isEntered = new TaskCompletionSource();
        var gate = new object();
        Action[] waits =
        [
            () => never.Task.Wait(),
            () => _ = never.Task.Result,
            () => never.Task.GetAwaiter().GetResult(),
            () => Task.WaitAll(never.Task),
            () => Task.WaitAny(never.Task),
            () => semaphore.Wait(),
            () => semaphore.Wait(60_000),
            () => slim.Wait(),
            () => handle.WaitOne(),
            () => WaitHandle.WaitAny([handle]),
            () => ((IAsyncResult)never.Task).AsyncWaitHandle.WaitOne(),
            () =>
            {
                lock (gate)
                {
                    _ = Monitor.Wait(gate);
                }
            },
        ];
        foreach (var wait in waits)
        {
            Exception? seen = null;
            var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(async context =>
            {
                await Task.Yield();
                seen = Record.Exception(wait);
            }));

            Assert.Contains("A blocking wait on the controlled thread", failure.Message, Ordinal);
            Assert.Same(seen, failure.InnerException);
        }

        // The interrupted waits left no lock held.
        Threads.Run(1, _ =>
        {
            Assert.True(Monitor.TryEnter(gate, 10_000));
            Monitor.PulseAll(gate);
            Monitor.Exit(gate);
            slim.Set();
            slim.Wait();
            semaphore.Release();
            semaphore.Wait();
            never.SetResult(1);
        });
        Assert.Equal(0, semaphore.CurrentCount);
    }

    [Fact]
    public void A_lock_that_another_thread_holds_briefly_passes()
    {
        var gate = new object();
        var modern = new Lock();
        AsyncTest.Run(
            async context =>
            {
                using var isHeld = new SemaphoreSlim(0);
                using (ExecutionContext.SuppressFlow()) // Not tracked.
                {
                    new Thread(() =>
                    {
                        lock (gate)
                        {
                            lock (modern)
                            {
                                isHeld.Release();
                                Thread.Sleep(10);
                            }
                        }
                    }).Start();
                }

                Assert.True(isHeld.Wait(90));
                lock (gate)
                {
                    lock (modern)
                    {
                    }
                }

                await Task.Yield();
            },
            new() { Schedules = 3 });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lock_that_another_thread_holds_forever_fails_and_is_usable_after_its_release(bool isModern)
    {
        var gate = new object();
        var modern = new Lock();
        using var mayEnd = new ManualResetEventSlim();
        using var isHeld = new ManualResetEventSlim();
        var holder = new Thread(() => Inside(() =>
        {
            isHeld.Set();
            mayEnd.Wait();
        }));
        holder.Start();
        isHeld.Wait();

        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(async context =>
        {
            await Task.Yield();
            Inside(() => { });
        }));

        Assert.Contains("A blocking wait on the controlled thread", failure.Message, Ordinal);
        mayEnd.Set();
        holder.Join();
        var entered = 0;
        Threads.Run(3, _ =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                Inside(() => entered++);
            }
        });
        Assert.Equal(3_000, entered);

        void Inside(Action action)
        {
            if (isModern)
            {
                lock (modern)
                {
                    action();
                }
            }
            else
            {
                lock (gate)
                {
                    action();
                }
            }
        }
    }

    [Fact]
    public void A_short_wait_may_time_out() => AsyncTest.Run(
        async context =>
        {
            using var semaphore = new SemaphoreSlim(0);
            Assert.False(semaphore.Wait(1));
            Assert.False(semaphore.Wait(0));
            await Task.Yield();
        },
        new() { Schedules = 2 });

    [Fact]
    public void A_thread_that_outlives_the_schedule_does_not_break_the_next_one()
    {
        using var mayEnd = new ManualResetEventSlim();
        var threads = new List<Thread>();
        AsyncTest.Run(
            async context =>
            {
                using var isBlocked = new SemaphoreSlim(0);
                var thread = new Thread(() =>
                {
                    mayEnd.Wait();
                    _ = AwaitAsync();
                });
                thread.Start();
                threads.Add(thread);
                await Task.Yield();
                await Task.Delay(TimeSpan.FromSeconds(1), context.Time);

                static async Task AwaitAsync()
                {
                    await Task.Yield();
                    await Task.Run(() => { });
                }
            },
            new() { Schedules = 5 });

        mayEnd.Set();
        threads.ForEach(thread => thread.Join());
        AsyncTest.Run(async context => await Task.Run(() => { }), new() { Schedules = 5 });
        Assert.Equal(5, threads.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_step_that_never_completes_fails_and_no_schedule_runs_after_it(bool isOutside)
    {
        var (maxStepTime, bodies) = (ScheduleExplorer.MaxStepTime, 0);
        using var mayEnd = new ManualResetEventSlim();
        ScheduleExplorer.MaxStepTime = TimeSpan.FromMilliseconds(200);
        try
        {
            var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(async context =>
            {
                Interlocked.Increment(ref bodies);
                await (isOutside ? Task.Run(Spin) : Task.CompletedTask);
                Spin();
            }));

            Assert.Contains("one step takes more than 200 ms", failure.Message, Ordinal);
            Assert.Equal(1, failure.Seed);
        }
        finally
        {
            ScheduleExplorer.MaxStepTime = maxStepTime;
            mayEnd.Set();
        }

        AsyncTest.Run(async context => await Task.Run(() => { }), new() { Schedules = 5 });
        Assert.Equal(1, bodies);

        void Spin()
        {
            while (!mayEnd.IsSet)
            {
                Thread.Yield();
            }
        }
    }

    [Fact]
    public void Two_calls_on_two_threads_are_isolated()
    {
        var traces = new List<string>[4];
        Threads.Run(4, index =>
        {
            traces[index] = [];
            AsyncTest.Run(
                async context => traces[index].Add(await Traces.AllAsync(context, 3)),
                new() { Schedules = 30 });
        });

        Assert.All(traces, trace => Assert.Equal(traces[0], trace));
    }

    [Fact]
    public void A_failing_call_does_not_affect_another()
    {
        Threads.Run(2, index =>
        {
            for (var i = 0; i < 10; i++)
            {
                if (index == 0)
                {
                    AsyncTest.Run(context => Traces.AllAsync(context, 2), new() { Schedules = 5 });
                }
                else
                {
                    var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(
                        async context =>
                        {
                            _ = NeverAsync();
                            await Task.Run(() => { });

                            static async Task NeverAsync() => await new TaskCompletionSource().Task;
                        }));
                    Assert.Contains("unfinished: NeverAsync", failure.Message, Ordinal);
                    Assert.DoesNotContain(",", failure.Message[failure.Message.IndexOf("Never", Ordinal)..], Ordinal);
                }
            }
        });
    }

    [Fact]
    public void A_hundred_thousand_inline_continuations_do_not_overflow_the_stack() => AsyncTest.Run(
        async context =>
        {
            var first = new TaskCompletionSource();
            Task last = first.Task;
            for (var i = 0; i < 100_000; i++)
            {
                last = AfterAsync(last);
            }

            await Task.Yield();
            first.SetResult();
            await last;

            static async Task AfterAsync(Task before) => await before;
        },
        new() { Schedules = 2 });
}
