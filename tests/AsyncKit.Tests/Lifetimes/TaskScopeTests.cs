namespace AsyncKit.Tests;

/// <summary>The guarantees of <see cref="TaskScope"/>.</summary>
public sealed class TaskScopeTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TaskScopeOptions RunToEnd = new() { Policy = TaskScopePolicy.RunToEnd };
    private static readonly TaskScopeOptions FirstSuccess = new() { Policy = TaskScopePolicy.FirstSuccess };

    [Fact]
    public async Task A_recorded_failure_stops_the_scope_before_the_thread_that_recorded_it_continues()
    {
        var calls = 0;
        await using var scope = TaskScope.Open();

        Assert.True(scope.Failures.AddRunFailure(new FormatException())); // The caller would stop the scope next.

        Assert.True(scope.MustStop());
        var late = scope.Run(_ => Task.FromResult(++calls));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late.OrHangs());
        Assert.Equal(0, calls);
    }

    [Fact]
    public Task The_join_waits_for_all_children() => World.ScheduledBriefly.RunAsync(async () =>
    {
        var completed = 0;
        var scope = TaskScope.Open();
        var children = Enumerable.Range(0, 3).Select(number => scope.Run(async _ =>
        {
            await Task.Yield();
            completed++;
            return number;
        })).ToList();

        await scope.JoinAsync();

        Assert.Equal(3, completed);
        Assert.All(children, child => Assert.True(child.IsCompletedSuccessfully));
        var results = await Task.WhenAll(children);
        Assert.Equal([0, 1, 2], results);
        Assert.Throws<ObjectDisposedException>(() => { _ = scope.Run(_ => Task.CompletedTask); });
    });

    [Fact]
    public Task Disposing_cancels_the_children_and_waits() => World.ScheduledBriefly.RunAsync(async () =>
    {
        var (gate, completed) = (new TestGate(), 0);
        Task child;
        await using (var scope = TaskScope.Open())
        {
            child = scope.Run(async token =>
            {
                try
                {
                    await gate.PassAsync(token);
                }
                finally
                {
                    await Task.Yield();
                    completed++;
                }
            });
            await gate.ArrivedAsync(1);
        }

        Assert.Equal(1, completed);
        Assert.True(child.IsCanceled);
    });

    [Fact]
    public Task CancelOnFirstFailure_cancels_the_others_and_throws_the_first_failure() =>
        World.Scheduled.RunAsync(async () =>
        {
            var (first, gate) = (new InvalidOperationException("first"), new TestGate());
            await using var scope = TaskScope.Open();
            var failing = scope.Run(async _ =>
            {
                await gate.ArrivedAsync(1);
                throw first;
            });
            var waiting = scope.Run(gate.PassAsync);

            Assert.Same(first, await Assert.ThrowsAsync<InvalidOperationException>(scope.JoinAsync));
            Assert.True(failing.IsFaulted);
            Assert.True(waiting.IsCanceled);
            Assert.True(scope.Token.IsCancellationRequested);
        });

    [Fact]
    public Task Later_failures_are_in_the_Exception_of_the_join_but_cancellations_are_not() =>
        World.ScheduledBriefly.RunAsync(async () =>
        {
            await using var scope = TaskScope.Open();
            foreach (var name in (string[])["a", "b"])
            {
                _ = scope.Run(async token =>
                {
                    await Task.Yield();
                    await Task.Yield();
                    throw new FormatException(name);
                });
            }

            _ = scope.Run(token => Task.Delay(Timeout.Infinite, token));
            var join = scope.JoinAsync();
            _ = await Assert.ThrowsAsync<FormatException>(() => join);

            Assert.InRange(join.Exception!.InnerExceptions.Count, 1, 2); // The other child may not have started.
            Assert.All(join.Exception.InnerExceptions, one => Assert.IsType<FormatException>(one));
        });

    [Fact]
    public Task RunToEnd_runs_every_child_and_throws_one_flat_exception() =>
        World.ScheduledBriefly.RunAsync(async () =>
        {
            var completed = 0;
            await using var scope = TaskScope.Open(RunToEnd);
            foreach (var number in Enumerable.Range(0, 4))
            {
                _ = scope.Run(async _ =>
                {
                    await Task.Yield();
                    completed++;
                    if (number % 2 == 0)
                    {
                        throw new FormatException($"{number}");
                    }
                });
            }

            var thrown = await Assert.ThrowsAsync<AggregateException>(scope.JoinAsync);

            Assert.Equal(4, completed);
            Assert.Equal(["0", "2"], thrown.InnerExceptions.Select(one => one.Message).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        });

    [Fact]
    public Task FirstSuccess_cancels_the_others_and_the_join_succeeds() => World.ScheduledBriefly.RunAsync(async () =>
    {
        var gate = new TestGate();
        await using var scope = TaskScope.Open(FirstSuccess);
        var failing = scope.Run(_ => Task.FromException(new FormatException()));
        var waiting = scope.Run(gate.PassAsync);
        var succeeding = scope.Run(async _ =>
        {
            await gate.ArrivedAsync(1);
            return 7;
        });

        await scope.JoinAsync();

        Assert.True(succeeding.IsCompletedSuccessfully);
        Assert.Equal(7, await succeeding);
        Assert.True(waiting.IsCanceled);
        Assert.True(failing.IsCompleted);
    });

    [Fact]
    public Task FirstSuccess_throws_every_failure_if_no_child_succeeds() => World.ScheduledBriefly.RunAsync(async () =>
    {
        await using var scope = TaskScope.Open(FirstSuccess);
        _ = scope.Run(_ => Task.FromException(new FormatException()));
        _ = scope.Run(_ => Task.FromException(new FormatException()));
        var thrown = await Assert.ThrowsAsync<AggregateException>(scope.JoinAsync);
        Assert.Equal(2, thrown.InnerExceptions.Count);

        await using var empty = TaskScope.Open(FirstSuccess);
        await Assert.ThrowsAsync<InvalidOperationException>(empty.JoinAsync);
    });

    [Fact]
    public Task Children_may_add_children_and_the_join_waits_for_them() => World.Scheduled.RunAsync(async () =>
    {
        var completed = 0;
        var scope = TaskScope.Open();
        Add(depth: 4);

        await scope.JoinAsync();

        Assert.Equal(15, completed);

        void Add(int depth) => _ = scope.Run(async _ =>
        {
            await Task.Yield();
            if (depth > 1)
            {
                Add(depth - 1);
                Add(depth - 1);
            }

            completed++;
        });
    });

    [Fact]
    public Task A_child_added_during_the_join_is_awaited_or_refused() => World.Scheduled.RunAsync(async () =>
    {
        var (isAdded, hasCompleted) = (false, false);
        var scope = TaskScope.Open();
        _ = scope.Run(async _ => await Task.Yield());
        var adding = AddAsync();

        await scope.JoinAsync();
        Assert.Equal(isAdded, hasCompleted);
        await adding;
        Assert.Equal(isAdded, hasCompleted);

        async Task AddAsync()
        {
            await Task.Yield();
            try
            {
                _ = scope.Run(async _ =>
                {
                    await Task.Yield();
                    hasCompleted = true;
                });
                isAdded = true;
            }
            catch (ObjectDisposedException)
            {
                // The scope completed first.
            }
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task At_most_MaxConcurrency_children_run_at_a_time_in_the_order_they_were_added(int most) =>
        World.ScheduledBriefly.RunAsync(async () =>
        {
            var (running, peak, started) = (0, 0, new List<int>());
            var scope = TaskScope.Open(new TaskScopeOptions { MaxConcurrency = most });
            foreach (var number in Enumerable.Range(0, 5))
            {
                _ = scope.Run(async _ =>
                {
                    started.Add(number);
                    peak = Math.Max(peak, ++running);
                    await Task.Yield();
                    running--;
                });
            }

            await scope.JoinAsync();

            Assert.Equal(5, started.Count);
            Assert.InRange(peak, 1, most);
            if (most == 1)
            {
                Assert.Equal([0, 1, 2, 3, 4], started);
            }
        });

    [Fact]
    public async Task MaxConcurrency_children_run_at_a_time()
    {
        var gate = new TestGate();
        await using var scope = TaskScope.Open(new TaskScopeOptions { MaxConcurrency = 3 });
        for (var number = 0; number < 9; number++)
        {
            _ = scope.Run(gate.PassAsync);
        }

        await gate.ArrivedAsync(3);
        Assert.Equal("TaskScope: 3 running, 6 waiting", scope.ToString());
        gate.Open();
        await scope.JoinAsync().OrHangs();

        Assert.Equal(3, gate.Peak);
        Assert.Equal("TaskScope: ended", scope.ToString());
    }

    [Fact]
    public Task A_waiting_child_is_cancelled_at_once_when_the_scope_stops() => World.Scheduled.RunAsync(async () =>
    {
        var (release, started) = (new TaskCompletionSource(), 0);
        await using var scope = TaskScope.Open(new TaskScopeOptions { MaxConcurrency = 1 });
        var stubborn = scope.Run(_ => release.Task);
        var waiting = scope.Run(_ => Task.FromResult(++started));

        scope.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, started);
        release.SetResult();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(scope.JoinAsync);
        Assert.Equal(scope.Token, thrown.CancellationToken);
    });

    [Fact]
    public Task A_cancellation_by_the_caller_has_its_token_and_contains_later_failures() =>
        World.ScheduledBriefly.RunAsync(async () =>
        {
            using var cts = new CancellationTokenSource();
            var gate = new TestGate();
            await using var scope = TaskScope.Open(null, cts.Token);
            _ = scope.Run(async token =>
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.PassAsync(token));
                throw new FormatException("late");
            });
            await gate.ArrivedAsync(1);
            await cts.CancelAsync();

            var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(scope.JoinAsync);

            Assert.Equal(cts.Token, thrown.CancellationToken);
            Assert.Equal("late", Assert.IsType<FormatException>(thrown.InnerException).Message);
        });

    [Fact]
    public Task The_first_cause_decides_between_a_failure_and_a_cancellation_by_the_caller() =>
        World.Scheduled.RunAsync(async () =>
        {
            using var cts = new CancellationTokenSource();
            var failure = new FormatException();
            var isFailureFirst = false;
            await using var scope = TaskScope.Open(null, cts.Token);
            _ = scope.Run(async _ =>
            {
                await Task.Yield();
                isFailureFirst = !cts.IsCancellationRequested;
                throw failure;
            });
            var cancelling = CancelAsync();

            var thrown = await Record.ExceptionAsync(scope.JoinAsync);
            await cancelling;

            if (thrown is FormatException)
            {
                Assert.True(isFailureFirst);
                Assert.Same(failure, thrown);
            }
            else
            {
                var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(thrown);
                Assert.Equal(cts.Token, cancelled.CancellationToken);
                Assert.True(cancelled.InnerException is null || cancelled.InnerException == failure);
            }

            async Task CancelAsync()
            {
                await Task.Yield();
                await cts.CancelAsync();
            }
        });

    [Fact]
    public async Task An_unrelated_cancellation_is_a_failure()
    {
        await using var scope = TaskScope.Open();
        var unrelated = new OperationCanceledException(new CancellationToken(canceled: true));
        var child = scope.Run(_ => Task.FromException(unrelated));

        Assert.Same(unrelated, await Record.ExceptionAsync(() => scope.JoinAsync().OrHangs()));
        Assert.True(child.IsFaulted || child.IsCanceled);
    }

    [Fact]
    public async Task A_token_cancelled_at_the_call_runs_no_child()
    {
        var started = 0;
        await using var scope = TaskScope.Open(null, new CancellationToken(canceled: true));
        var child = scope.Run(_ => Task.FromResult(++started));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scope.JoinAsync().OrHangs());

        Assert.True(child.IsCanceled);
        Assert.Equal(0, started);
    }

    [Fact]
    public async Task The_join_succeeds_after_a_cancellation_if_every_child_succeeds()
    {
        using var cts = new CancellationTokenSource();
        var (gate, release) = (new TestGate(), new TaskCompletionSource());
        await using var scope = TaskScope.Open(null, cts.Token);
        _ = scope.Run(async _ =>
        {
            gate.Arrive();
            await release.Task;
        });
        await gate.ArrivedAsync(1);
        await cts.CancelAsync();
        release.SetResult();

        await scope.JoinAsync().OrHangs();
    }

    [Fact]
    public async Task The_exception_of_a_cancellation_callback_is_reported()
    {
        await using var scope = TaskScope.Open();
        var (gate, failure) = (new TestGate(), new InvalidOperationException("callback"));
        using var registration = scope.Token.Register(() => throw failure);
        _ = scope.Run(gate.PassAsync);
        await gate.ArrivedAsync(1);
        scope.Cancel();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scope.JoinAsync().OrHangs());
        Assert.Same(failure, thrown.InnerException);
    }

    [Fact]
    public async Task A_child_runs_on_the_thread_pool_with_the_context_of_the_call_that_added_it()
    {
        var ambient = new AsyncLocal<string?> { Value = "adding" };
        await using var scope = TaskScope.Open();
        var child = scope.Run(_ =>
        {
            var seen = (ambient.Value, Thread.CurrentThread.IsThreadPoolThread);
            ambient.Value = "child";
            return Task.FromResult(seen);
        });
        ambient.Value = "later";

        Assert.Equal(("adding", true), await child.OrHangs());
        Assert.Equal("later", ambient.Value);
        await scope.JoinAsync().OrHangs();
    }

    [Fact]
    public void Invalid_options_are_rejected_by_name()
    {
        Assert.Equal("MaxConcurrency", Assert.Throws<ArgumentOutOfRangeException>(
            () => new TaskScopeOptions { MaxConcurrency = 0 }).ParamName);
        Assert.Equal("Policy", Assert.Throws<ArgumentOutOfRangeException>(
            () => new TaskScopeOptions { Policy = (TaskScopePolicy)3 }).ParamName);
    }
}
