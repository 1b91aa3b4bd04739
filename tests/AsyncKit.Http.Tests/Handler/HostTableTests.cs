namespace AsyncKit.Http.Tests;

public sealed class HostTableTests : IClassFixture<NothingLeftBehind>
{
    private static readonly HostKey One = new("http", "one.example", 80);

    [Fact]
    public async Task A_host_stays_in_the_table_while_it_has_users()
    {
        using var table = new HostTable(new AsyncKitHttpOptions { MaxConcurrencyPerHost = 1 });
        using var source = new CancellationTokenSource();

        var first = await AcquireAsync(table);
        var second = AcquireAsync(table, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        var third = AcquireAsync(table);
        Assert.False(third.IsCompleted);
        first.Release();
        first.Release();

        (await third.OrHangs()).Release();
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public async Task A_limiter_that_throws_loses_no_permit()
    {
        var limiter = new ScriptedLimiter { Before = _ => throw new InvalidOperationException("limiter") };
        using var table = new HostTable(
            new AsyncKitHttpOptions { MaxConcurrencyPerHost = 1, StartRatePerHost = _ => limiter });

        var first = await Assert.ThrowsAsync<InvalidOperationException>(() => AcquireAsync(table));
        var second = await Assert.ThrowsAsync<InvalidOperationException>(() => AcquireAsync(table).OrHangs());

        Assert.Equal(("limiter", "limiter"), (first.Message, second.Message));
        table.Dispose();
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public async Task A_second_limiter_that_is_created_concurrently_is_disposed()
    {
        List<CountingLimiter> limiters = [];
        HostTable? table = null;
        HostLease? inner = null;
        table = new HostTable(new AsyncKitHttpOptions
        {
            MaxConcurrencyPerHost = 2,
            StartRatePerHost = _ =>
            {
                var limiter = new CountingLimiter();
                limiters.Add(limiter);
                if (limiters.Count == 1)
                {
                    var acquiring = AcquireAsync(table!); // A concurrent caller is faster.
                    Assert.True(acquiring.IsCompletedSuccessfully);
#pragma warning disable VSTHRD002 // The task is completed.
                    inner = acquiring.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
                }

                return limiter;
            },
        });

        var outer = await AcquireAsync(table);
        var third = AcquireAsync(table);

        Assert.Equal([1, 0], limiters.Select(limiter => limiter.Disposals));
        Assert.Equal(1, table.Count);
        Assert.False(third.IsCompleted);
        outer.Release();
        inner!.Release();
        (await third.OrHangs()).Release();
        table.Dispose();
        Assert.Equal([1, 1], limiters.Select(limiter => limiter.Disposals));
    }

    [Fact]
    public async Task A_reused_host_is_not_removed()
    {
        List<CountingLimiter> limiters = [];
        using var table = Limiting(limiters);

        (await AcquireAsync(table)).Release();
        var again = await AcquireAsync(table);
        for (var number = 0; number < HostTable.MaxIdle + 1; number++)
        {
            var lease = await table.AcquireAsync(new HostKey("http", $"host{number}", 80), TimeProvider.System, default);
            lease.Release();
        }

        Assert.Equal(0, limiters[0].Disposals);
        Assert.Equal(1, limiters[1].Disposals);
        Assert.Equal(HostTable.MaxIdle + 1, table.Count);
        again.Release();
    }

    [Fact]
    public async Task A_disposed_table_rejects_new_users_and_disposes_a_host_with_its_last_user()
    {
        List<CountingLimiter> limiters = [];
        var table = Limiting(limiters);

        var lease = await AcquireAsync(table);
        table.Dispose();
        Assert.Equal(0, limiters[0].Disposals);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AcquireAsync(table));
        lease.Release();

        Assert.Equal(1, limiters[0].Disposals);
        Assert.Equal(0, table.Count);
        table.Dispose();
        Assert.Equal(1, limiters[0].Disposals);
    }

    [Fact]
    public async Task A_limiter_that_throws_from_Dispose_affects_no_request()
    {
        var table = Limiting([], isThrowing: true);

        var lease = await AcquireAsync(table);
        table.Dispose();
        lease.Release();

        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void A_refusal_without_a_hint_is_repeated_after_a_pause() => HandlerTest.Run(async test =>
    {
        var limiter = new ScriptedLimiter(refusals: 3);
        using var table = new HostTable(new AsyncKitHttpOptions { StartRatePerHost = _ => limiter });

        (await table.AcquireAsync(One, test.Time, default)).Release();

        Assert.Equal(TimeSpan.FromMilliseconds(150), test.Time.Elapsed);
        Assert.Equal((4, 1), (limiter.Asked, limiter.Granted));
    });

    private static Task<HostLease> AcquireAsync(HostTable table, CancellationToken token = default) =>
        table.AcquireAsync(One, TimeProvider.System, token).AsTask();

    private static HostTable Limiting(List<CountingLimiter> limiters, bool isThrowing = false) => new(new AsyncKitHttpOptions
    {
        StartRatePerHost = _ =>
        {
            var limiter = new CountingLimiter { IsThrowing = isThrowing };
            limiters.Add(limiter);
            return limiter;
        },
    });
}
