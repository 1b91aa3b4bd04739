using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Where user code runs if the caller is on a SynchronizationContext with one thread. Each row of the table in
/// the documentation has a test.</summary>
public sealed class CallerContextTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    public static TheoryData<RetryOptions> RetryKinds() =>
    [
        new RetryOptions(),
        new RetryOptions { AttemptTimeout = TimeSpan.FromSeconds(30) },
        new RetryOptions { TotalTimeout = TimeSpan.FromSeconds(30) },
        new RetryOptions { AttemptTimeout = TimeSpan.FromSeconds(30), TotalTimeout = TimeSpan.FromSeconds(30) },
    ];

    [Theory]
    [MemberData(nameof(RetryKinds), DisableDiscoveryEnumeration = true)]
    public Task Every_attempt_and_every_callback_of_a_retry_runs_on_the_context(RetryOptions kind) => Ui.RunAsync(async ui =>
    {
        foreach (var backoff in (Backoff[])[Backoff.None, Backoff.Constant(Millisecond)])
        {
            var places = new Places(ui);
            var options = kind with
            {
                MaxAttempts = 3,
                Backoff = backoff,
                ShouldRetry = _ => places.Note("ShouldRetry", true),
                DelayHint = _ => places.Note<TimeSpan?>("DelayHint", null),
                OnRetry = _ => places.Note("OnRetry"),
            };

            await Assert.ThrowsAsync<FormatException>(async () => await Retry.RunAsync(FailAsync, options));

            places.AssertAll(Places.OnUi, "operation", "ShouldRetry", "DelayHint", "OnRetry");
            Assert.Equal(3, places.Codes.Count(code => code is "operation"));

            async Task FailAsync(CancellationToken token)
            {
                await places.NoteAndLeaveAsync("operation", token).ConfigureAwait(false);
                throw new FormatException();
            }
        }
    });

    [Fact]
    public Task Every_shape_of_a_retry_runs_on_the_context() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var options = new RetryOptions { MaxAttempts = 2, Backoff = Backoff.None, ShouldRetry = _ => true };
        Func<int, CancellationToken, Task> task = (_, token) => FailAsync(token);
        Func<int, CancellationToken, Task<int>> taskOf = (_, token) => FailAsync(token);
        Func<int, CancellationToken, ValueTask> valueTask = (_, token) => new(FailAsync(token));
        Func<int, CancellationToken, ValueTask<int>> valueTaskOf = (_, token) => new(FailAsync(token));

        await AssertFailsAsync(Retry.RunAsync(token => task(1, token), options).AsTask());
        await AssertFailsAsync(Retry.RunAsync(token => taskOf(1, token), options).AsTask());
        await AssertFailsAsync(Retry.RunAsync(token => valueTask(1, token), options).AsTask());
        await AssertFailsAsync(Retry.RunAsync(token => valueTaskOf(1, token), options).AsTask());
        await AssertFailsAsync(task.WithRetry(options)(1, default));
        await AssertFailsAsync(taskOf.WithRetry(options)(1, default));
        await AssertFailsAsync(valueTask.WithRetry(options)(1, default).AsTask());
        await AssertFailsAsync(valueTaskOf.WithRetry(options)(1, default).AsTask());

        places.AssertAll(Places.OnUi, "operation");
        Assert.Equal(16, places.Codes.Count);

        async Task<int> FailAsync(CancellationToken token)
        {
            await places.NoteAndLeaveAsync("operation", token).ConfigureAwait(false);
            throw new FormatException();
        }

        static Task AssertFailsAsync(Task task) => Assert.ThrowsAsync<FormatException>(() => task);
    });

    [Fact]
    public Task A_retry_that_began_without_a_context_never_runs_on_that_of_an_attempt() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var options = new RetryOptions
        {
            MaxAttempts = 3,
            Backoff = Backoff.None,
            ShouldRetry = _ => places.Note("ShouldRetry", true),
            OnRetry = _ => places.Note("OnRetry"),
        };

        await Assert.ThrowsAsync<FormatException>(() => Task.Run(async () => await Retry.RunAsync(
            _ =>
            {
                places.Note("operation");
                var ended = new TaskCompletionSource<int>();
                ui.Post(_ => ended.SetException(new FormatException()), null);
                return ended.Task;
            },
            options)));

        places.AssertAll(Places.OnPool, "operation", "ShouldRetry", "OnRetry");
    });

    [Fact]
    public async Task Attempts_and_cleanups_run_on_the_TaskScheduler_of_the_caller()
    {
        var exclusive = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        var places = new List<bool>();
        var options = new RetryOptions
        {
            MaxAttempts = 3,
            Backoff = Backoff.Constant(Millisecond),
            ShouldRetry = _ => Note(),
            OnRetry = _ => Note(),
        };

        await Task.Factory.StartNew(
            async () =>
            {
                await using var scope = new AsyncScope();
                scope.Defer(() => Note());
                scope.DeferAsync(async token => await NoteAndLeaveAsync(token).ConfigureAwait(false));
                scope.DeferAsync(async token => await NoteAndLeaveAsync(token).ConfigureAwait(false));
                await Assert.ThrowsAsync<FormatException>(async () => await Retry.RunAsync(
                    async Task (token) =>
                    {
                        await NoteAndLeaveAsync(token).ConfigureAwait(false);
                        throw new FormatException();
                    },
                    options));
            },
            CancellationToken.None,
            TaskCreationOptions.None,
            exclusive).Unwrap().OrHangs();

        Assert.Equal(3 + 2 + 2 + 3, places.Count);
        Assert.DoesNotContain(false, places);

        bool Note()
        {
            places.Add(TaskScheduler.Current == exclusive);
            return true;
        }

        async Task NoteAndLeaveAsync(CancellationToken token)
        {
            Note();
            await Task.Delay(1, token).ConfigureAwait(false);
        }
    }

    [Fact]
    public Task A_caller_that_blocks_its_context_gets_the_result_of_a_first_attempt_that_leaves_it() => Ui.RunAsync(_ =>
    {
        var options = new RetryOptions { AttemptTimeout = TimeSpan.FromSeconds(30) };

#pragma warning disable VSTHRD002, VSTHRD103 // Blocks on purpose.
        Assert.Equal(1, Retry.RunAsync(OneAsync, options).AsTask().GetAwaiter().GetResult());
        Assert.Equal(1, Deadline.RunAsync(OneAsync, TimeSpan.FromSeconds(30)).AsTask().GetAwaiter().GetResult());
        Assert.Equal(1, AsyncScope.RunAsync(async (_, token) => await OneAsync(token).ConfigureAwait(false)).GetAwaiter().GetResult());
#pragma warning restore VSTHRD002, VSTHRD103
        return Task.CompletedTask;

        static async ValueTask<int> OneAsync(CancellationToken token)
        {
            await Task.Delay(1, token).ConfigureAwait(false);
            return 1;
        }
    });

    [Fact]
    public Task An_operation_under_a_deadline_runs_on_the_context_and_callbacks_of_its_token_on_the_pool() =>
        Ui.RunAsync(async ui =>
        {
            var places = new Places(ui);
            var time = new VirtualTime();
            using var caller = new CancellationTokenSource();
            foreach (var grace in (TimeSpan?[])[null, TimeSpan.FromSeconds(30)])
            {
                var options = new DeadlineOptions { Limit = Millisecond, GracePeriod = grace, TimeProvider = time };
                var limited = Deadline.RunAsync(HangAsync, options).AsTask();
                time.Advance(Millisecond);
                await Assert.ThrowsAsync<TimeoutException>(() => limited);
            }

            var cancelled = Deadline.RunAsync(HangAsync, TimeSpan.FromSeconds(30), caller.Token).AsTask();
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

            places.AssertOne("operation", Places.OnUi);
            places.AssertOne("callback", Places.OnPool);

            async Task HangAsync(CancellationToken token)
            {
                places.Note("operation");
                using var registration = token.UnsafeRegister(_ => places.Note("callback"), null);
                await Task.Delay(Timeout.Infinite, token);
            }
        });

    [Fact]
    public Task Every_cleanup_of_a_scope_runs_on_the_context_in_reverse_order() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        await using (var scope = new AsyncScope())
        {
            Add(scope);
        }

        await AsyncScope.RunAsync(async (scope, token) =>
        {
            Add(scope);
            await Task.Delay(1, token).ConfigureAwait(false);
        });

        places.AssertAll(Places.OnUi, "1", "2", "3", "4", "5");
        Assert.Equal(["5", "4", "3", "2", "1", "5", "4", "3", "2", "1"], places.Codes);

        void Add(AsyncScope scope)
        {
            scope.Defer(() => places.Note("1"));
            scope.DeferAsync(async token => await places.NoteAndLeaveAsync("2", token).ConfigureAwait(false));
            scope.Defer(() => places.Note("3"));
            _ = scope.Add(new Resource(() => places.Note("4")));
            scope.DeferAsync(async token => await places.NoteAndLeaveAsync("5", token).ConfigureAwait(false));
        }
    });

    [Fact]
    public Task A_resource_that_arrives_after_its_scope_closed_is_released_on_the_context() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var scope = new AsyncScope();
        var acquired = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);

        var entering = scope.EnterAsync(
            async _ => places.Note("acquire", await acquired.Task),
            (_, _) =>
            {
                places.Note("release");
                return default;
            }).AsTask();
        await scope.DisposeAsync();
        await Task.Run(() => acquired.SetResult(1));

        await Assert.ThrowsAsync<ObjectDisposedException>(() => entering);
        places.AssertAll(Places.OnUi, "acquire", "release");
    });

    [Fact]
    public Task A_resource_is_acquired_used_and_released_on_the_context() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var resource = AsyncResource.Create(
            async token =>
            {
                await places.NoteAndLeaveAsync("acquire", token).ConfigureAwait(false);
                return 1;
            },
            async (_, token) => await places.NoteAndLeaveAsync("release", token).ConfigureAwait(false));

        await resource.UseAsync(async (_, token) => await places.NoteAndLeaveAsync("body", token).ConfigureAwait(false));

        places.AssertAll(Places.OnUi, "acquire", "body", "release");
    });

    [Fact]
    public Task A_cleanup_runs_on_the_pool_if_the_context_rejects_it() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var scope = new AsyncScope();
        scope.Defer(() => places.Note("second"));
        scope.DeferAsync(async token => await Task.Delay(1, token).ConfigureAwait(false));

        await RejectingContext.Call(() => scope.DisposeAsync().AsTask());

        places.AssertAll(Places.OnPool, "second");
    });

    [Fact]
    public Task The_functions_of_a_pool_run_on_the_context_of_the_renter_even_after_a_wait() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var isValid = true;
        await using (var pool = new AsyncPool<Resource>(new()
        {
            MaxSize = 1,
            Create = async token =>
            {
                await places.NoteAndLeaveAsync("create", token).ConfigureAwait(false);
                return new Resource(() => places.Note("dispose"));
            },
            Validate = async (_, token) =>
            {
                await places.NoteAndLeaveAsync("validate", token).ConfigureAwait(false);
                return isValid;
            },
            Reset = async _ => await places.NoteAndLeaveAsync("reset").ConfigureAwait(false),
        }))
        {
            for (var round = 0; round < 2; round++)
            {
                var rented = await pool.RentAsync();
                var waiting = pool.RentAsync().AsTask();
                if (round == 1)
                {
                    rented.Discard();
                }

                await Task.Run(() => pool.Waiting == 1 ? Task.CompletedTask : Hang.UntilAsync(() => pool.Waiting == 1));
                await rented.DisposeAsync();
                isValid = round == 1;
                var next = await waiting;
                isValid = true;
                await next.DisposeAsync();
            }
        }

        places.AssertAll(Places.OnUi, "create", "validate", "reset", "dispose");
    });

    [Fact]
    public Task An_expired_item_of_a_pool_is_disposed_on_the_thread_pool() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var disposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pool = new AsyncPool<Resource>(new()
        {
            MaxSize = 1,
            IdleTimeout = Millisecond,
            Create = _ => new(new Resource(() =>
            {
                places.Note("dispose");
                disposed.TrySetResult();
            })),
        });

        var lease = await pool.RentAsync();
        await Task.Run(async () => await lease.DisposeAsync());
        await disposed.Task.OrHangs();

        places.AssertOne("dispose", Places.OnPool);
    });

    [Fact]
    public Task A_lazy_value_is_created_on_the_pool_and_disposed_on_the_context() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var proceed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lazy = new AsyncLazy<Resource>(async _ =>
        {
            places.Note("factory");
            started.SetResult();
            await proceed.Task.ConfigureAwait(false);
            return new Resource(() => places.Note("dispose"));
        });
        var value = lazy.GetAsync().AsTask();
        await started.Task;

        var disposing = lazy.DisposeAsync().AsTask(); // While the factory runs.
        proceed.SetResult();
        await disposing;

        await Assert.ThrowsAsync<ObjectDisposedException>(() => value);
        places.AssertOne("factory", Places.OnPool);
        places.AssertOne("dispose", Places.OnUi);
    });

    [Fact]
    public Task A_child_of_a_task_scope_runs_on_the_pool() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        await using var scope = TaskScope.Open();
        _ = scope.Run(token => places.NoteAndLeaveAsync("child", token));
        _ = scope.Run(token => places.NoteAndLeaveAsync("child", token));
        await scope.JoinAsync();

        places.AssertAll(Places.OnPool, "child");
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task The_main_function_and_the_hooks_of_a_shutdown_run_on_the_pool(bool mustStop) => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);

        await GracefulShutdown.RunAsync(
            shutdown =>
            {
                places.Note("main");
                shutdown.OnStopping(async token => await places.NoteAndLeaveAsync("stopping", token).ConfigureAwait(false));
                shutdown.OnStopped(async token => await places.NoteAndLeaveAsync("stopped", token).ConfigureAwait(false));
                shutdown.OnStopped(async token => await places.NoteAndLeaveAsync("stopped", token).ConfigureAwait(false));
                if (!mustStop)
                {
                    return Task.CompletedTask;
                }

                shutdown.Stop();
                return Task.Delay(Timeout.Infinite, shutdown.Stopping);
            },
            new GracefulShutdownOptions { Signals = [] });

        places.AssertAll(Places.OnPool, mustStop ? ["main", "stopping", "stopped"] : ["main", "stopped"]);
    });

    [Fact]
    public Task Work_and_blocking_sources_run_on_a_thread_of_the_lane() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        await using var lane = Lanes.Of(2);

        await lane.RunAsync(() => places.Note("work"));
        await Offload.RunAsync(() => places.Note("work"));
        await new int[2].FanOutBlockingAsync(lane, (_, _) => places.Note("work"));
        await foreach (var _ in lane.Enumerate(Source(places, "source")))
        {
            Assert.True(ui.IsHere);
        }

        places.AssertAll(Places.OnLane, "work", "source");
    });

    [Fact]
    public Task A_comparer_runs_on_the_thread_that_acquires_or_releases_the_key() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var acquiring = true;
        var locks = new KeyedLock<int>(EqualityComparer<int>.Create(
            (x, y) => x == y, key => places.Note(acquiring ? "acquire" : "release", key)));

        var lease = await locks.AcquireAsync(1);
        acquiring = false;
        await Task.Run(lease.Dispose);

        places.AssertOne("acquire", Places.OnUi);
        places.AssertOne("release", Places.OnPool);
    });

    [Fact]
    public Task Everything_of_a_fan_out_runs_on_the_pool_and_its_reader_on_the_context() => Ui.RunAsync(async ui =>
    {
        foreach (var isPartitioned in (bool[])[false, true])
        {
            foreach (var entryPoint in (Func<IEnumerable<int>, FanOutOptions, Func<int, CancellationToken, Task<int>>, Task>[])
                [
                    (source, options, operation) => source.FanOutAsync(options, operation),
                    (source, options, operation) => source.FanOutReportAsync(options, operation),
                    (source, options, operation) => ReadAsync(source.FanOutStream(options, operation)),
                    (source, options, operation) => ReadAsync(source.FanOutOutcomes(options, operation)),
                ])
            {
                var places = new Places(ui);
                await entryPoint(Source(places, "source"), Options(places, isPartitioned), OperationOf(places));

                Assert.True(ui.IsHere);
                string[] codes = ["source", "operation", "ShouldRetry", "OnRetry", "IsThrottled", "Progress"];
                places.AssertAll(Places.OnPool, isPartitioned ? [.. codes, "key"] : codes);
            }
        }

        async Task ReadAsync<T>(IAsyncEnumerable<T> stream)
        {
            await foreach (var _ in stream)
            {
                Assert.True(ui.IsHere);
            }
        }
    });

    [Fact]
    public Task A_slow_item_is_reported_on_the_pool() => Ui.RunAsync(async ui =>
    {
        var places = new Places(ui);
        var reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new FanOutOptions
        {
            MaxConcurrency = 1,
            SlowItemThreshold = Millisecond,
            OnSlowItem = _ =>
            {
                places.Note("OnSlowItem");
                reported.TrySetResult();
            },
        };

        await new int[1].FanOutAsync(options, async (_, _) => await reported.Task);

        places.AssertAll(Places.OnPool, "OnSlowItem");
    });

    private static FanOutOptions Options(Places places, bool isPartitioned) => new()
    {
        MaxConcurrency = 2,
        Gate = new ConcurrencyGate(2),
        IsThrottled = _ => places.Note("IsThrottled", false),
        Partition = isPartitioned ? FanOutPartition.By<int, int>(item => places.Note("key", item), 1) : null,
        Progress = new Receiver(() => places.Note("Progress")),
        Retry = new RetryOptions
        {
            Backoff = Backoff.None,
            ShouldRetry = _ => places.Note("ShouldRetry", true),
            OnRetry = _ => places.Note("OnRetry"),
        },
    };

    private static Func<int, CancellationToken, Task<int>> OperationOf(Places places)
    {
        var attempts = 0;
        return async (item, token) =>
        {
            await places.NoteAndLeaveAsync("operation", token).ConfigureAwait(false);
            return Interlocked.Increment(ref attempts) == 1 ? throw new FormatException() : item;
        };
    }

    private static IEnumerable<int> Source(Places places, string code)
    {
        for (var item = 0; item < 3; item++)
        {
            places.Note(code);
            yield return item;
        }
    }

    private sealed class Receiver(Action onReport) : IProgress<FanOutProgress>
    {
        public void Report(FanOutProgress value) => onReport();
    }

    private sealed class Resource(Action onDisposed) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            onDisposed();
            await Task.Delay(1).ConfigureAwait(false);
        }
    }
}
