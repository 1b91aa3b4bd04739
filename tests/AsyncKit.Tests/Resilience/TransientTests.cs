using System.Data.Common;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;

namespace AsyncKit.Tests;

/// <summary>The documented table of transient exceptions, row by row.</summary>
public sealed class TransientTests : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<bool, string, Func<Exception>> Table() => new()
    {
        { true, "marked", () => new InvalidOperationException { Data = { ["AsyncKit.Transient"] = true } } },
        { false, "marked as not transient", () => new InvalidOperationException { Data = { ["AsyncKit.Transient"] = false } } },
        { true, "no status", () => new HttpRequestException("refused") },
        { true, "408", () => WithStatus(408) },
        { true, "429", () => WithStatus(429) },
        { true, "500", () => WithStatus(500) },
        { true, "503", () => WithStatus(503) },
        { true, "599", () => WithStatus(599) },
        { false, "400", () => WithStatus(400) },
        { false, "404", () => WithStatus(404) },
        { false, "409", () => WithStatus(409) },
        { false, "499", () => WithStatus(499) },
        { true, "timeout", () => new TimeoutException() },
        { true, "socket", () => new SocketException((int)SocketError.ConnectionReset) },
        { true, "transport", () => new IOException("The connection was closed.") },
        { true, "transport around a socket", () => new IOException("x", new SocketException(104)) { HResult = 104 } },
        { false, "refused certificate", () => new HttpRequestException("x", new AuthenticationException()) },
        {
            false, "refused certificate behind a proxy",
            () => new HttpRequestException("x", new HttpRequestException("y", new AuthenticationException()))
        },
        { true, "broken handshake", () => new HttpRequestException("x", new IOException("The connection was closed.")) },
        { true, "response ended", () => new HttpIOException(HttpRequestError.ResponseEnded) },
        { true, "end of stream", () => new EndOfStreamException() },
        { false, "missing file", () => new FileNotFoundException() },
        { false, "missing folder", () => new DirectoryNotFoundException() },
        { false, "missing drive", () => new DriveNotFoundException() },
        { false, "long path", () => new PathTooLongException() },
        { false, "assembly that does not load", () => new FileLoadException() },
        { false, "disk full", () => new IOException("No space left on device", 28) },
        { true, "transient database error", () => new DatabaseException(isTransient: true) },
        { false, "permanent database error", () => new DatabaseException(isTransient: false) },
        { false, "cancellation", () => new OperationCanceledException() },
        { false, "task cancellation", () => new TaskCanceledException() },
        { true, "HttpClient's timeout", () => new TaskCanceledException("x", new TimeoutException()) },
        { true, "timeout inside a cancellation", () => new OperationCanceledException("x", new TimeoutException()) },
        { false, "other failure inside a cancellation", () => new OperationCanceledException("x", new FormatException()) },
        { true, "all transient", () => new AggregateException(new TimeoutException(), WithStatus(503)) },
        { false, "not all transient", () => new AggregateException(new TimeoutException(), new FormatException()) },
        { false, "no inner exception", () => new AggregateException() },
        { false, "other exception", () => new InvalidOperationException() },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void IsTransient_follows_the_table(bool expected, string name, Func<Exception> create) =>
        Assert.True(expected == Transient.IsTransient(create()), name);

    [Fact]
    public async Task Our_own_cancellation_is_not_transient_even_if_it_contains_a_timeout()
    {
        var failure = new TimeoutException();
        using var caller = new CancellationTokenSource();
        var gate = new TestGate();
        var nested = new int[1].FanOutAsync(
            1,
            async (_, _) =>
            {
                await gate.PassAsync(CancellationToken.None);
                throw failure;
            },
            caller.Token);
        await gate.ArrivedAsync(1);
        await caller.CancelAsync();
        gate.Open();

        var withFailure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => nested.OrHangs());

        Assert.Same(failure, withFailure.InnerException);
        Assert.False(Transient.IsTransient(withFailure));
        Assert.False(Transient.IsThrottled(withFailure));
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Only_a_timeout_429_or_503_is_throttled(bool expected, string name, Func<Exception> create)
    {
        var isThrottled = Transient.IsThrottled(create());

        Assert.True(expected || !isThrottled, name);
        Assert.True(
            isThrottled == (name.Contains("timeout", StringComparison.Ordinal) || name is "429" or "503"), name);
    }

    [Fact]
    public void A_null_exception_is_rejected() =>
        Assert.Equal("exception", Assert.Throws<ArgumentNullException>(() => Transient.IsTransient(null!)).ParamName);

    [Fact]
    public async Task A_timeout_of_HttpClient_is_transient_and_a_cancellation_is_not()
    {
        using var client = new HttpClient(new SilentHandler()) { Timeout = TimeSpan.FromMilliseconds(1) };
        using var patientClient = new HttpClient(new SilentHandler());
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();

        var timeout = await Record.ExceptionAsync(() => client.GetAsync(new Uri("http://localhost/")).OrHangs());
        var cancelled = await Record.ExceptionAsync(
            () => patientClient.GetAsync(new Uri("http://localhost/"), caller.Token));

        Assert.IsAssignableFrom<OperationCanceledException>(timeout);
        Assert.True(Transient.IsTransient(timeout));
        Assert.False(Transient.IsTransient(cancelled));
    }

    [Fact]
    public void An_exception_of_the_file_system_is_not_transient()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            using var held = new FileStream(
                Path.Combine(folder, "a"), FileMode.Create, FileAccess.Write, FileShare.None);
            var thrown = Assert.ThrowsAny<IOException>(() => new FileStream(held.Name, FileMode.CreateNew));
            Assert.False(Transient.IsTransient(thrown));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static HttpRequestException WithStatus(int status) => new("status", null, (HttpStatusCode)status);

    private sealed class DatabaseException(bool isTransient) : DbException
    {
        public override bool IsTransient { get; } = isTransient;
    }

    private sealed class SilentHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }
}
