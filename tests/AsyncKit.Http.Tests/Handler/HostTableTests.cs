using System.Threading.RateLimiting;

namespace AsyncKit.Http.Tests;

public sealed class HostTableTests : IClassFixture<NothingLeftBehind>
{
    private static readonly HostKey One = new("http", "one.example", 80);

    [Fact]
    public async Task A_host_stays_while_one_of_its_users_does()
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
    public async Task A_limiter_that_throws_costs_no_place()
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
    public async Task Of_two_limiters_that_are_made_at_once_for_a_host_one_is_disposed_and_the_limit_is_one()
    {
        List<Limiter> limiters = [];
        HostTable? table = null;
        HostLease? inner = null;
        table = new HostTable(new AsyncKitHttpOptions
        {
            MaxConcurrencyPerHost = 2,
            StartRatePerHost = _ =>
            {
                var limiter = new Limiter();
                limiters.Add(limiter);
                if (limiters.Count == 1)
                {
                    var acquiring = AcquireAsync(table!); // Somebody is faster.
                    Assert.True(acquiring.IsCompletedSuccessfully);
#pragma warning disable VSTHRD002 // It has completed.
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
    public async Task A_host_that_is_used_again_is_not_among_those_that_are_forgotten()
    {
        List<Limiter> limiters = [];
        using var table = Limiting(limiters);

        (await AcquireAsync(table)).Release();
        var again = await AcquireAsync(table);
        for (var number = 0; number < HostTable.MaxIdle + 1; number++)
        {
            var place = await table.AcquireAsync(new HostKey("http", $"host{number}", 80), TimeProvider.System, default);
            place.Release();
        }

        Assert.Equal(0, limiters[0].Disposals);
        Assert.Equal(1, limiters[1].Disposals);
        Assert.Equal(HostTable.MaxIdle + 1, table.Count);
        again.Release();
    }

    [Fact]
    public async Task A_host_that_is_used_when_the_table_is_disposed_goes_with_its_last_user_and_no_other_comes()
    {
        List<Limiter> limiters = [];
        var table = Limiting(limiters);

        var place = await AcquireAsync(table);
        table.Dispose();
        Assert.Equal(0, limiters[0].Disposals);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AcquireAsync(table));
        place.Release();

        Assert.Equal(1, limiters[0].Disposals);
        Assert.Equal(0, table.Count);
        table.Dispose();
        Assert.Equal(1, limiters[0].Disposals);
    }

    [Fact]
    public async Task A_limiter_that_throws_when_it_is_disposed_harms_nobody()
    {
        var table = Limiting([], isThrowing: true);

        var place = await AcquireAsync(table);
        table.Dispose();
        place.Release();

        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void A_refusal_without_a_hint_is_asked_about_again_after_a_pause() => HandlerTest.Run(async test =>
    {
        var limiter = new ScriptedLimiter(refusals: 3);
        using var table = new HostTable(new AsyncKitHttpOptions { StartRatePerHost = _ => limiter });

        (await table.AcquireAsync(One, test.Time, default)).Release();

        Assert.Equal(TimeSpan.FromMilliseconds(150), test.Time.Elapsed);
        Assert.Equal((4, 1), (limiter.Asked, limiter.Granted));
    });

    private static Task<HostLease> AcquireAsync(HostTable table, CancellationToken token = default) =>
        table.AcquireAsync(One, TimeProvider.System, token).AsTask();

    private static HostTable Limiting(List<Limiter> limiters, bool isThrowing = false) => new(new AsyncKitHttpOptions
    {
        StartRatePerHost = _ =>
        {
            var limiter = new Limiter { IsThrowing = isThrowing };
            limiters.Add(limiter);
            return limiter;
        },
    });

    private sealed class Limiter : RateLimiter
    {
        private readonly ScriptedLimiter _granting = new();

        public int Disposals { get; private set; }

        public bool IsThrowing { get; init; }

        public override TimeSpan? IdleDuration => null;

        public override RateLimiterStatistics? GetStatistics() => null;

        protected override RateLimitLease AttemptAcquireCore(int permitCount) => throw new NotSupportedException();

        protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
            _granting.AcquireAsync(permitCount, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            Disposals++;
            base.Dispose(disposing);
            if (IsThrowing)
            {
                throw new InvalidOperationException("limiter");
            }
        }
    }
}
