using System.Net;

namespace AsyncKit.Hosting.Tests;

/// <summary>The order worker under load, stopped by SIGTERM. All runs happen with ASYNCKIT_SCHEDULES=1000.</summary>
public sealed class OrderWorkerTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task SIGTERM_under_load_loses_no_accepted_order()
    {
        var runs = await Enumerable.Range(1, World.Schedules(50)).FanOutAsync(2, (run, _) => StopUnderLoadAsync(warmUp: 10 * run));

        Assert.All(runs, run =>
        {
            Assert.Equal(0, run.Code);
            Assert.InRange(run.Stored, run.Accepted, int.MaxValue);
            Assert.True(run.Accepted >= run.WarmUp);
        });
    }

    [Fact]
    public async Task The_health_endpoint_reports_the_consumer()
    {
        using var sample = await WebSample.StartAsync("OrderWorker");

        Assert.Equal("Healthy", await sample.Client.GetStringAsync("/health"));
        using var response = await sample.Client.PostAsync("/orders/1", content: null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal((0, 1), await sample.StopAsync());
    }

    [Fact]
    public async Task A_wrong_option_ends_the_process_with_its_name()
    {
        using var process = SampleProcess.Start("OrderWorker", "--urls", "http://127.0.0.1:0", "--Consumers:orders:FanOut:MaxConcurrency", "0");
        var (code, _) = await process.EndAsync();

        Assert.NotEqual(0, code);
    }

    private static async Task<Run> StopUnderLoadAsync(int warmUp)
    {
        using var sample = await WebSample.StartAsync("OrderWorker");
        var (sent, accepted, isStopping) = (0, 0, false);
        var warm = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var clients = Enumerable.Range(0, 16).Select(_ => SendAsync()).ToArray();
        await warm.Task.OrHangs();

        var (code, stored) = await sample.StopAsync();
        Volatile.Write(ref isStopping, true);
        await Task.WhenAll(clients).OrHangs();
        return new Run(code, stored, accepted, warmUp);

        async Task SendAsync()
        {
            while (!Volatile.Read(ref isStopping))
            {
                try
                {
                    using var response = await sample.Client.PostAsync($"/orders/{Interlocked.Increment(ref sent)}", content: null);
                    if (response.IsSuccessStatusCode && Interlocked.Increment(ref accepted) == warmUp)
                    {
                        warm.SetResult();
                    }
                }
                catch (HttpRequestException)
                {
                    return; // The server accepts no more.
                }
            }
        }
    }

    private sealed record Run(int Code, int Stored, int Accepted, int WarmUp);
}
