namespace AsyncKit.Http.Tests;

/// <summary>Tests the permits of hosts on real threads. Requests are cancelled, fail, time out, are retried, read or
/// disposed at random. The limit of a host is never exceeded, permits are conserved, and no host stays in the table. A
/// lost permit shows as a hang.</summary>
public sealed class HostStressTests : IClassFixture<NothingLeftBehind>
{
    private const int Tasks = 12;

    [Fact]
    [Trait(StressTime.Trait, "Http")]
    public Task Permits_of_hosts_are_conserved_for_every_outcome_of_a_request() => StressTime.RunAsync(async seed =>
    {
        var (limit, hosts) = (1 + (seed % 4), 1 + (seed % 7));
        var server = new Server(hosts, seed);
        var options = new AsyncKitHttpOptions
        {
            MaxConcurrencyPerHost = limit,
            ReadIdleTimeout = seed % 2 == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(30),
            Retry = new RetryOptions
            {
                MaxAttempts = 3,
                Backoff = Backoff.None,
                AttemptTimeout = TimeSpan.FromMilliseconds(seed % 3 == 0 ? 30_000 : 2),
                TotalTimeout = TimeSpan.FromSeconds(seed % 5 == 0 ? 0.003 : 60),
            },
        };
        using var handler = new AsyncKitHttpHandler(options, server);
        using var client = new HttpMessageInvoker(handler, disposeHandler: false);

        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + task);
            for (var number = 0; number < 40; number++)
            {
                await OneAsync(client, server, random);
            }
        }))).OrHangs();

        Assert.Equal(0, handler.HostCount);
        server.IsCalm = true;
        for (var host = 0; host < hosts; host++)
        {
            Assert.Equal(0, server.Inside[host]);
            Assert.InRange(server.Peaks[host], 0, limit);
            await CheckAsync(client, server, host, limit);
        }

        Assert.Equal(0, handler.HostCount);
    });

    [Fact]
    [Trait(StressTime.Trait, "Http")]
    public Task Each_host_is_in_the_table_once_and_its_limiter_is_disposed_once() => StressTime.RunAsync(async seed =>
    {
        const int Limit = 2;
        var hosts = seed % 2 == 0 ? 3 : HostTable.MaxIdle + 200;
        var inside = new int[hosts];
        List<CountingLimiter> limiters = [];
        var table = new HostTable(new AsyncKitHttpOptions
        {
            MaxConcurrencyPerHost = Limit,
            StartRatePerHost = _ =>
            {
                var limiter = new CountingLimiter();
                lock (limiters)
                {
                    limiters.Add(limiter);
                }

                return limiter;
            },
        });

        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + task);
            for (var number = 0; number < 200; number++)
            {
                var host = random.Next(hosts);
                using var source = new CancellationTokenSource();
                var acquiring = table.AcquireAsync(new HostKey("http", $"host{host}", 80), TimeProvider.System, source.Token);
                if (random.Next(4) == 0)
                {
                    await source.CancelAsync();
                }

                try
                {
                    var lease = await acquiring;
                    Assert.InRange(Interlocked.Increment(ref inside[host]), 1, Limit);
                    Pause(random);
                    Interlocked.Decrement(ref inside[host]);
                    await Task.WhenAll(Task.Run(lease.Release), Task.Run(lease.Release)); // Must release once.
                }
                catch (OperationCanceledException) when (source.IsCancellationRequested)
                {
                    // Expected.
                }
            }
        }))).OrHangs();

        Assert.InRange(table.Count, 1, HostTable.MaxIdle);
        Assert.Equal(table.Count, limiters.Count(limiter => limiter.Disposals == 0));
        var last = await table.AcquireAsync(new HostKey("http", "host0", 80), TimeProvider.System, default);
        table.Dispose();
        Assert.Equal(1, table.Count);
        last.Release();

        Assert.Equal(0, table.Count);
        Assert.All(limiters, limiter => Assert.Equal(1, limiter.Disposals));
    });

    private static async Task OneAsync(HttpMessageInvoker client, Server server, Random random)
    {
        using var source = new CancellationTokenSource();
        using var request = new HttpRequestMessage(
            random.Next(3) == 0 ? HttpMethod.Post : HttpMethod.Get, Server.Address(random.Next(server.Inside.Length)));
        try
        {
            var sending = client.SendAsync(request, source.Token);
            if (random.Next(4) == 0)
            {
                Pause(random);
                await source.CancelAsync();
            }

            using var response = await sending;
            var stream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
            switch (random.Next(5))
            {
                case 0:
                    response.Dispose();
                    break;
                case 1:
                    await stream.DisposeAsync();
                    break;
                case 2:
                    await stream.CopyToAsync(Stream.Null, source.Token);
                    break;
                case 3:
                    await Task.WhenAll(Task.Run(response.Dispose), Task.Run(stream.Dispose));
                    break;
                default:
                    _ = await stream.ReadAsync(new byte[random.Next(3)], source.Token);
                    break;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException
            || string.Equals(exception.Message, Server.Failure, StringComparison.Ordinal))
        {
            // Expected.
        }
    }

    /// <summary>Checks that exactly as many permits as the limit are available.</summary>
    private static async Task CheckAsync(HttpMessageInvoker client, Server server, int host, int limit)
    {
        var held = new List<HttpResponseMessage>();
        for (var number = 0; number < limit; number++)
        {
            held.Add(await SendAsync().OrHangs());
        }

        Assert.Equal(limit, server.Inside[host]);
        var waiting = SendAsync();
        Assert.False(waiting.IsCompleted);
        held[0].Dispose();
        held[0] = await waiting.OrHangs();
        held.ForEach(response => response.Dispose());

        Task<HttpResponseMessage> SendAsync() => client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, Server.Address(host)), CancellationToken.None);
    }

    private static void Pause(Random random) => Thread.SpinWait(random.Next(3_000));

    /// <summary>Counts the requests in flight to each host, from the request to the end of its response.</summary>
    private sealed class Server(int hosts, int seed) : HttpMessageHandler
    {
        public const string Failure = "From the server.";

        private int _number;

        public int[] Inside { get; } = new int[hosts];

        public int[] Peaks { get; } = new int[hosts];

        public bool IsCalm { get; set; }

        public static Uri Address(int host) => new($"http://host{host}.example/");

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var host = int.Parse(request.RequestUri!.Host.AsSpan(4, 1), null);
            var body = new Body(this, host);
            if (IsCalm)
            {
                return new HttpResponseMessage { Content = new StreamContent(body) };
            }

            var random = new Random((seed * 1_000) + Interlocked.Increment(ref _number));
            try
            {
                Pause(random);
                switch (random.Next(20))
                {
                    case 0:
                        throw new HttpRequestException(Failure);
                    case < 5:
                        await Task.Yield();
                        break;
                    case 5:
                        await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
                        break;
                }

                return new HttpResponseMessage(random.Next(5) == 0 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK)
                {
                    Content = new StreamContent(body),
                };
            }
            catch (Exception)
            {
                await body.DisposeAsync();
                throw;
            }
        }

        private sealed class Body : BodyStream
        {
            private readonly Server _server;
            private readonly int _host;
            private readonly Lock _lock = new();
            private int _remaining = 3;
            private bool _isCompleted;

            public Body(Server server, int host)
            {
                (_server, _host) = (server, host);
                var count = Interlocked.Increment(ref server.Inside[host]);
                InterlockedMax(ref server.Peaks[host], count);
            }

            public override int Read(byte[] buffer, int offset, int count)
            {
                var read = Math.Min(count, Math.Max(0, Interlocked.Decrement(ref _remaining)));
                if (read == 0 && count > 0)
                {
                    Complete();
                }

                return read;
            }

            protected override void Dispose(bool disposing)
            {
                Complete();
                base.Dispose(disposing);
            }

            private static void InterlockedMax(ref int target, int value)
            {
                for (var seen = Volatile.Read(ref target); seen < value;)
                {
                    var found = Interlocked.CompareExchange(ref target, value, seen);
                    seen = found == seen ? value : found;
                }
            }

            /// <summary>A concurrent call returns when the request has left, as Dispose must.</summary>
            private void Complete()
            {
                lock (_lock)
                {
                    if (!_isCompleted)
                    {
                        Interlocked.Decrement(ref _server.Inside[_host]);
                        _isCompleted = true;
                    }
                }
            }
        }
    }
}
