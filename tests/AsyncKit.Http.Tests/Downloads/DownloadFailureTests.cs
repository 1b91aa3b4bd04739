using System.Security.Authentication;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace AsyncKit.Http.Tests;

/// <summary>Tests that every failure names the URL, the file and its cause, without secrets and control characters.</summary>
public sealed class DownloadFailureTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Uri Address = new("http://example.org/files/a.bin");
    private static readonly byte[] Content = Responses.Bytes(1_000);
    private static readonly RetryOptions Single = new() { MaxAttempts = 1 };
    private static readonly DownloadOptions Once = new() { Retry = Single };

    private readonly TempFolder _folder = new();

    private string Target => _folder["a.bin"];

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Answers =>
    [
        "HTTP/1.1 404 \u001b[2Jgone\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 206 \u009b2Jgone\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: file:///x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: ftp://example.org/\u001b[2J\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: //\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: \u001b[2J\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: a%1b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2\u001b0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX\u001b[2J\r\n\r\n",
        "\u001b[2J\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\u001b[2J\r\n",
        "",
    ];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_failure_names_the_URL_and_the_file_without_secrets_and_control_characters(string head)
    {
        await using var server = new RawServer(head);
        using var client = new HttpClient();
        var log = new LogLines();
        var uri = new UriBuilder(server.Address) { UserName = "me", Password = "pass4you", Query = "signature=abc123" }.Uri;

        var failure = await Assert.ThrowsAnyAsync<Exception>(
            () => client.DownloadAsync(uri, Target, Once with { Logger = log }).OrHangs());

        Assert.Contains($"The download of {server.Address} to {Target} failed: ", failure.Message, StringComparison.Ordinal);
        CheckText(failure);
        Assert.All(log.All, line => Assert.DoesNotContain(line.Text, char.IsControl));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void A_client_with_a_default_Range_is_refused_at_the_call()
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Range = new(0, 3);

        var one = Assert.Throws<ArgumentException>("client", () => { _ = client.DownloadAsync(Address, Target); });
        Assert.Throws<ArgumentException>("client", () => { _ = client.DownloadAllAsync([Address], _folder.Path, 1); });

        Assert.StartsWith("DefaultRequestHeaders.Range must be null for a download", one.Message, StringComparison.Ordinal);
        Assert.Contains("it was 'bytes=0-3'.", one.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TLS_failure_names_the_URL_and_the_file()
    {
        await using var server = new RawServer("HTTP/1.1 400 Bad\r\n\r\n");
        using var client = new HttpClient();
        var uri = new UriBuilder(server.Address) { Scheme = "https" }.Uri;

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(uri, Target, Once).OrHangs());

        Assert.Contains($"The download of {uri} to {Target} failed: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_of_any_type_names_the_URL_and_the_file_and_is_not_retried_unless_it_is_transient()
    {
        Exception[] failures =
        [
            new UriFormatException("No."), new InvalidOperationException("No."), new NotSupportedException("No."), new JsonException("No."),
            new OperationCanceledException("No."), new AggregateException("No."), new AuthenticationException("No."),
        ];
        foreach (var thrown in failures)
        {
            using var handler = new ScriptedHandler(_ => throw thrown);
            using var client = handler.Client();

            var failure = await Assert.ThrowsAnyAsync<Exception>(() => client.DownloadAsync(Address, Target));

            Assert.StartsWith($"The download of {Address} to {Target} failed: No.", failure.Message, StringComparison.Ordinal);
            Assert.True(failure.InnerException == thrown || failure.InnerException?.InnerException == thrown);
            Assert.Empty(_folder.Names);
        }
    }

    [Fact]
    public void Failures_keep_their_types_and_stay_transient_or_not()
    {
        Exception[] failures =
        [
            new HttpRequestException("No."), new HttpIOException(HttpRequestError.ResponseEnded, "No."), new TimeoutException("No."),
            new IOException("No."), new EndOfStreamException("No."), new InvalidDataException("No."),
            new UnauthorizedAccessException("No."), new DirectoryNotFoundException("No."), new FileNotFoundException("No."),
            new PathTooLongException("No."), new AuthenticationException("No."), new OperationCanceledException("No."),
            new IOException("Full.", hresult: 28),
        ];
        Assert.All(failures, failure =>
        {
            var named = DownloadFailure.Named(failure, new Uri("http://me:secret@h/a?b"), Target);

            Assert.Equal(failure.GetType(), named.GetType());
            Assert.StartsWith($"The download of http://h/a to {Target} failed: {failure.Message}", named.Message, StringComparison.Ordinal);
            Assert.Same(failure, named.InnerException);
            Assert.Equal(failure.HResult, named.HResult);
            Assert.Equal(Transient.IsTransient(failure), Transient.IsTransient(named));
        });
        var other = DownloadFailure.Named(new InvalidOperationException("No."), Address, Target);
        Assert.False(Transient.IsTransient(Assert.IsType<IOException>(other)));
    }

    [Fact]
    public void A_message_contains_no_control_character_of_an_inner_exception_or_the_path()
    {
        var inner = new HttpRequestException("a\u001b[2J", new IOException("b\u202e\r\n\u2028"));

        var named = DownloadFailure.Named(inner, Address, Target + "\u001b\n");

        CheckText(named);
        Assert.IsType<HttpRequestException>(named.InnerException);
        Assert.Equal("b????", named.InnerException.InnerException!.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_total_timeout_names_the_option_and_its_value(int maxAttempts)
    {
        var time = new VirtualTime();
        TestGate[] gates = [new(), new()];
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Gated(Content, 100, gates[0])),
            _ => Responses.Rest(Content, 100, body: Responses.Gated(Content[100..], 100, gates[1])));
        using var client = handler.Client();
        var options = new DownloadOptions
        {
            TimeProvider = time,
            ReadIdleTimeout = maxAttempts == 1 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(6),
            Retry = new RetryOptions { MaxAttempts = maxAttempts, Backoff = Backoff.None, TotalTimeout = TimeSpan.FromSeconds(9.5) },
        };

        var download = client.DownloadAsync(Address, Target, options);
        for (var attempt = 0; attempt < (maxAttempts == 1 ? 1 : 2); attempt++)
        {
            await gates[attempt].ArrivedAsync(1);
            time.Advance(TimeSpan.FromSeconds(maxAttempts == 1 ? 9.5 : attempt == 0 ? 6 : 3.5));
        }

        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => download.OrHangs());
        Assert.Contains("TotalTimeout (9.5 s)", timeout.Message, StringComparison.Ordinal);
        Assert.Contains($"The download of {Address} to {Target} failed", timeout.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attempt_timeout_names_the_option_and_is_retried_even_if_the_options_exclude_timeouts()
    {
        var time = new VirtualTime();
        var gate = new TestGate();
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Gated(Content, 0, gate)), _ => Responses.Whole(Content));
        using var client = handler.Client();
        Exception? seen = null;
        var options = new DownloadOptions
        {
            TimeProvider = time,
            Retry = new RetryOptions
            {
                AttemptTimeout = TimeSpan.FromSeconds(5),
                Backoff = Backoff.None,
                ShouldRetry = _ => false,
                OnRetry = retry => seen = retry.Exception,
            },
        };

        var download = client.DownloadAsync(Address, Target, options);
        await gate.ArrivedAsync(1);
        time.Advance(TimeSpan.FromSeconds(5));
        _ = await download.OrHangs();

        Assert.Contains("AttemptTimeout (5 s)", Assert.IsType<TimeoutException>(seen).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_download_names_the_URL_and_the_file()
    {
        using var source = new CancellationTokenSource();
        using var handler = new ScriptedHandler(_ =>
        {
            source.Cancel();
            throw new OperationCanceledException(source.Token);
        });
        using var client = handler.Client();

        var cancelled = await Assert.ThrowsAsync<OperationCanceledException>(
            () => client.DownloadAsync(Address, Target, Once, source.Token));

        Assert.Equal($"The download of {Address} to {Target} was cancelled.", cancelled.Message);
        Assert.Equal(source.Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task A_request_over_AddAsyncKit_asks_for_the_plain_bytes()
    {
        await using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "abc"u8.ToArray());
        var services = new ServiceCollection();
        services.AddHttpClient("c").AddAsyncKit();
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("c");

        _ = await client.DownloadAsync(server.Address, Target).OrHangs();

        Assert.Contains("Accept-Encoding: identity\r\n", server.Request, StringComparison.Ordinal);
    }

    private static void CheckText(Exception failure)
    {
        for (var one = failure; one is not null; one = one.InnerException)
        {
            Assert.DoesNotContain(one.Message, char.IsControl);
            Assert.DoesNotContain("pass4you", one.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("abc123", one.Message, StringComparison.Ordinal);
        }
    }
}
