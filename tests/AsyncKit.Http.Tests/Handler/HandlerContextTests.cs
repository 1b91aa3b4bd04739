using System.Collections.Concurrent;

namespace AsyncKit.Http.Tests;

/// <summary>Requests of a caller on a SynchronizationContext with one thread, such as that of a user
/// interface.</summary>
public sealed class HandlerContextTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentBag<(string Code, SynchronizationContext? Context)> _seen = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Inner_handlers_and_callbacks_run_without_the_context() => Ui.RunAsync(async ui =>
    {
        using var stub = new StubHandler(async (_, number, _) =>
        {
            Note("inner");
            await Task.Delay(1, CancellationToken.None).ConfigureAwait(false);
            return Responses.Status(number < 3 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK);
        });
        using var client = Options().Over(stub);

        using var response = await client.GetAsync();

        Assert.True(ui.IsHere);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        AssertNone("inner", "ShouldRetry", "OnRetry");
    });

    [Fact]
    public Task A_synchronous_request_that_is_retried_does_not_wait_for_the_thread_that_it_blocks() => Ui.RunAsync(async ui =>
    {
        using var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        using var client = Options().Over(stub);

        Send();
        await Task.Factory.StartNew(
            Send, CancellationToken.None, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);

        Assert.Equal(3, stub.Requests.Count);

        void Send()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, HandlerTest.Address);
            using var response = client.Send(request, CancellationToken.None);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    });

    [Fact]
    public Task A_bulk_request_reads_without_the_context() => Ui.RunAsync(async ui =>
    {
        using var stub = StubHandler.Of(HttpStatusCode.OK);
        using var client = new HttpClient(stub);
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 2 },
            ConfigureRequest = _ => Note("ConfigureRequest"),
        };

        await client.GetAllAsync([HandlerTest.Address, HandlerTest.Address], options, async (response, token) =>
        {
            Note("read");
            return await response.Content.ReadAsStringAsync(token).ConfigureAwait(false);
        });

        Assert.True(ui.IsHere);
        AssertNone("ConfigureRequest", "read");
    });

    [Fact]
    public Task A_download_retries_and_reports_without_the_context() => Ui.RunAsync(async ui =>
    {
        var content = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(content, body: Responses.Reset(content, 20_000)), _ => Responses.Rest(content, 20_000));
        using var client = handler.Client();
        var options = new DownloadOptions { Retry = Options().Retry, Progress = new Receiver(() => Note("Progress")) };

        _ = await client.DownloadAsync(new Uri("http://example.org/a.bin"), _folder["a.bin"], options);

        Assert.True(ui.IsHere);
        AssertNone("ShouldRetry", "OnRetry", "Progress");
    });

    private AsyncKitHttpOptions Options() => new()
    {
        MaxConcurrencyPerHost = 1,
        Retry = new RetryOptions
        {
            Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(1)),
            ShouldRetry = exception =>
            {
                Note("ShouldRetry");
                return Transient.IsTransient(exception);
            },
            OnRetry = _ => Note("OnRetry"),
        },
    };

    private void Note(string code) => _seen.Add((code, SynchronizationContext.Current));

    private void AssertNone(params string[] codes)
    {
        Assert.Equal(
            codes.Order(StringComparer.Ordinal),
            _seen.Select(one => one.Code).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.All(_seen, one => Assert.Equal((one.Code, null), one));
    }

    private sealed class Receiver(Action onReport) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => onReport();
    }
}
