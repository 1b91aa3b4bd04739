namespace AsyncKit.Http.Tests;

/// <summary>A handler over a stub, under schedules and virtual time.</summary>
internal static class HandlerTest
{
    private const int Schedules = 20;

    public static Uri Address { get; } = new("http://one.example/a?secret=1");

    public static void Run(Func<AsyncTestContext, Task> test) =>
        AsyncTest.Run(test, new AsyncTestOptions { Schedules = Schedules });

    public static HttpMessageInvoker Over(this AsyncKitHttpOptions options, StubHandler stub) =>
        new(new AsyncKitHttpHandler(options, stub));

    public static AsyncKitHttpOptions Options(Action<AsyncKitHttpOptions>? configure = null)
    {
        var options = new AsyncKitHttpOptions
        {
            Retry = new RetryOptions { MaxAttempts = 3, Backoff = Backoff.Constant(TimeSpan.FromSeconds(1)) },
        };
        configure?.Invoke(options);
        return options;
    }

    public static Task<HttpResponseMessage> GetAsync(
        this HttpMessageInvoker client, Uri? uri = null, CancellationToken cancellationToken = default) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Get, uri ?? Address), cancellationToken);
}
