using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using AsyncKit.Http;

namespace AsyncKit.Benchmarks;

/// <summary>Measures when nine fast hosts are done while a tenth is slow. All names resolve to one server.</summary>
internal static class HttpHosts
{
    private const int Hosts = 10;
    private const int RequestsPerHost = 60;
    private const int Limit = Hosts * PerHost;
    private const int PerHost = 4;
    private const int FastMs = 20;
    private const int SlowMs = 500;
    private const string SlowHost = "host0.test";

    public static async Task<IEnumerable<string>> RunAsync(Uri server)
    {
        Uri[] uris =
        [
            .. from number in Enumerable.Range(0, RequestsPerHost)
               from host in Enumerable.Range(0, Hosts)
               select new Uri($"http://host{host}.test:{server.Port}/{ServerProgram.SmallPath}/{(host == 0 ? SlowMs : FastMs)}"),
        ];
        Uri[] withoutSlow = [.. uris.Where(uri => !string.Equals(uri.Host, SlowHost, StringComparison.Ordinal))];
        var perHost = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = Limit },
            MaxConcurrencyPerHost = PerHost,
        };
        var atHandler = new AsyncKitHttpOptions { MaxConcurrencyPerHost = PerHost };
        List<string> rows =
        [
            await RowAsync("nine hosts alone, 4 per host", server, null, withoutSlow, (client, uris, read) =>
                client.GetAllAsync(uris, perHost, read)),
            await RowAsync("Parallel.ForEachAsync", server, null, uris, (client, uris, read) => Parallel.ForEachAsync(
                uris, new ParallelOptions { MaxDegreeOfParallelism = Limit }, async (uri, token) =>
                {
                    using var response = await client.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, token);
                    await read(response, token);
                })),
            await RowAsync("GetAllAsync", server, null, uris, (client, uris, read) => client.GetAllAsync(uris, Limit, read)),
            await RowAsync("GetAllAsync, 4 per host", server, null, uris, (client, uris, read) =>
                client.GetAllAsync(uris, perHost, read)),
            await RowAsync("all requests at once through the handler, 4 per host", server, atHandler, uris, (client, uris, read) =>
                client.GetAllAsync(uris, uris.Length, read)),
        ];
        return
        [
            "",
            "## One slow host among ten",
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{RequestsPerHost} requests to each of {Hosts} hosts, in turn, {Limit} at once. Nine hosts answer after {FastMs} ms, one after {SlowMs} ms."),
            "",
            "| Variant | The nine are done after | All are done after |",
            "|---|---:|---:|",
            .. rows,
        ];
    }

    private static async Task<string> RowAsync(
        string name,
        Uri server,
        AsyncKitHttpOptions? options,
        Uri[] uris,
        Func<HttpClient, Uri[], Func<HttpResponseMessage, CancellationToken, ValueTask<int>>, Task> runAsync)
    {
        var sockets = new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync };
        using var client = new HttpClient(options is null ? sockets : new AsyncKitHttpHandler(options, sockets))
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        await runAsync(client, uris, (_, _) => new ValueTask<int>(0)); // The warm-up opens the connections.
        Quiet.Settle();
        var left = uris.Count(uri => !string.Equals(uri.Host, SlowHost, StringComparison.Ordinal));
        var fast = TimeSpan.Zero;
        var watch = Stopwatch.StartNew();
        await runAsync(client, uris, async (response, token) =>
        {
            _ = await response.Content.ReadAsStringAsync(token);
            if (!string.Equals(response.RequestMessage!.RequestUri!.Host, SlowHost, StringComparison.Ordinal)
                && Interlocked.Decrement(ref left) == 0)
            {
                fast = watch.Elapsed;
            }

            return 0;
        });
        return string.Create(
            CultureInfo.InvariantCulture, $"| {name} | {fast.TotalSeconds:0.00} s | {watch.Elapsed.TotalSeconds:0.00} s |");

        async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken token)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(server.Host, server.Port, token);
            return new NetworkStream(socket, ownsSocket: true);
        }
    }
}
