using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The resource of each worker: opened once, used by one worker, and always disposed.</summary>
public sealed class FanOutResourceTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void A_worker_opens_one_resource_uses_it_for_one_operation_at_a_time_and_disposes_it() =>
        AsyncTest.Run(async context =>
        {
            var opened = new List<Connection>();
            var (count, limit) = (context.Random.Next(12), context.Random.Next(1, 6));

            var results = await Enumerable.Range(0, count).Where(_ => true).FanOutAsync(
                new FanOutOptions { MaxConcurrency = limit },
                async token =>
                {
                    await Task.Yield();
                    var connection = new Connection();
                    opened.Add(connection);
                    return connection;
                },
                async (connection, item, token) => await connection.UseAsync(item));

            Assert.Equal(Enumerable.Range(0, count), results);
            Assert.InRange(opened.Count, Math.Min(count, 1), Math.Min(count, limit));
            Assert.All(opened, one => Assert.Equal((1, 1), (one.Peak, one.Disposed)));
            Assert.Equal(count, opened.Sum(one => one.Used));
        }, new AsyncTestOptions { Schedules = 500 });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_resource_is_disposed_even_if_an_item_fails_or_the_caller_cancels(bool isCancelled) =>
        AsyncTest.Run(async context =>
        {
            using var cts = new CancellationTokenSource();
            var opened = new List<Connection>();

            var run = Enumerable.Range(0, 9).ToArray().FanOutAsync(
                new FanOutOptions { MaxConcurrency = 3 },
                _ =>
                {
                    opened.Add(new Connection());
                    return new ValueTask<Connection>(opened[^1]);
                },
                async (connection, item, token) =>
                {
                    await connection.UseAsync(item);
                    if (item == 4)
                    {
                        await (isCancelled ? cts.CancelAsync() : throw new FormatException());
                    }

                    return item;
                },
                cts.Token);

            await Assert.ThrowsAnyAsync<Exception>(() => run);
            Assert.Equal(isCancelled, run.IsCanceled);
            Assert.NotEmpty(opened);
            Assert.All(opened, one => Assert.Equal(1, one.Disposed));
        });

    [Fact]
    public async Task An_exception_from_opening_fails_the_item_and_the_next_item_opens_again()
    {
        var opens = 0;

        var all = await Assert.ThrowsAsync<FanOutException>(() => Enumerable.Range(0, 4).ToArray().FanOutAsync(
            new FanOutOptions { MaxConcurrency = 1, OnFailure = FailureMode.RunToEnd },
            _ => ++opens <= 2 ? throw new TimeoutException("no server") : new ValueTask<Connection>(new Connection()),
            async (connection, item, token) => await connection.UseAsync(item)).OrHangs());

        Assert.Equal([0, 1], all.Failures.Select(failure => failure.Index));
        Assert.Equal(3, opens);
    }

    [Fact]
    public async Task An_exception_from_disposing_ends_the_run_with_that_error()
    {
        var thrown = await Assert.ThrowsAsync<IOException>(() => Enumerable.Range(0, 4).FanOutAsync(
            new FanOutOptions { MaxConcurrency = 2 },
            _ => new ValueTask<Connection>(new Connection { Fault = new IOException("not closed") }),
            async (connection, item, token) => await connection.UseAsync(item)).OrHangs());

        Assert.Equal("not closed", thrown.Message);
    }

    [Fact]
    public async Task A_resource_without_IAsyncDisposable_is_disposed_synchronously_or_not_at_all()
    {
        var stream = new MemoryStream();

        var numbers = await AsAsync().FanOutAsync(
            new FanOutOptions { MaxConcurrency = 1 }, _ => new ValueTask<int>(7), (seven, item, _) => new ValueTask<int>(seven + item));
        await AsAsync().FanOutAsync(
            new FanOutOptions { MaxConcurrency = 1 },
            _ => new ValueTask<IDisposable>(new Synchronous(stream)),
            (_, item, _) => new ValueTask<int>(item));

        Assert.Equal([8, 9], numbers);
        Assert.False(stream.CanRead);

        static async IAsyncEnumerable<int> AsAsync()
        {
            yield return 1;
            await Task.Yield();
            yield return 2;
        }
    }

    [Fact]
    public void Null_throws_at_the_call()
    {
        var options = new FanOutOptions { MaxConcurrency = 1 };

        Assert.Throws<ArgumentNullException>("openWorker", () =>
        {
            _ = new int[1].FanOutAsync(options, (Func<CancellationToken, ValueTask<int>>)null!, (_, item, _) => new ValueTask<int>(item));
        });
        Assert.Throws<ArgumentNullException>("operation", () =>
        {
            _ = new int[1].FanOutAsync(options, _ => new ValueTask<int>(1), (Func<int, int, CancellationToken, ValueTask<int>>)null!);
        });
    }

    private sealed class Synchronous(Stream stream) : IDisposable
    {
        public void Dispose() => stream.Dispose();
    }

    private sealed class Connection : IAsyncDisposable, IDisposable
    {
        private int _users;

        public Exception? Fault { get; init; }

        public int Peak { get; private set; }

        public int Used { get; private set; }

        public int Disposed { get; private set; }

        public async Task<int> UseAsync(int item)
        {
            Assert.Equal(0, Disposed);
            Used++;
            Peak = Math.Max(Peak, ++_users);
            await Task.Yield();
            _users--;
            return item;
        }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Disposed++;
            if (Fault is not null)
            {
                throw Fault;
            }
        }

        public void Dispose() => Assert.Fail("The resource supports asynchronous disposal.");
    }
}
