using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace AsyncKit.Http.Tests;

/// <summary>Tests the items of a download of many files: their names, their checks and their requests.</summary>
public sealed class DownloadItemTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Uri Address = new("http://example.org/files/a.bin");
    private static readonly byte[] Content = Responses.Bytes(1_000);
    private static readonly DownloadOptions Quick = new() { Retry = new RetryOptions { Backoff = Backoff.None } };

    private static readonly DownloadAllOptions Keep = new()
    {
        FanOut = new FanOutOptions { MaxConcurrency = 2 },
        Download = new DownloadOptions { OnExisting = ExistingFile.Keep },
    };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Keep_never_keeps_the_file_of_one_URL_for_another_when_the_list_changes()
    {
        using var handler = new Echo();
        using var client = new HttpClient(handler);
        Uri[] all =
        [
            new("http://h/get?id=1"), new("http://h/get?id=2"), new("http://h/get?id=3"), new("http://h/a/x.pdf"), new("http://h/b/x.pdf"),
            new("http://other/a/x.pdf"), new("https://h/a/x.pdf"), new("http://h:81/a/X.pdf"), new("http://h/get"),
        ];
        var random = new Random(5);
        for (var round = 0; round < 30; round++)
        {
            random.Shuffle(all);
            var uris = all.Take(random.Next(1, all.Length)).ToList();

            var results = await client.DownloadAllAsync(uris, _folder.Path, Keep).OrHangs();

            Assert.All(results, result => Assert.Equal(result.Uri.AbsoluteUri, File.ReadAllText(result.Path)));
        }

        Assert.Equal(all.Length, _folder.Names.Length); // Each was requested once.
        Assert.Equal(all.Length, handler.Requests.Count);
    }

    [Fact]
    public async Task An_address_that_occurs_twice_is_requested_unchanged()
    {
        using var handler = new Echo();
        using var client = new HttpClient(handler);
        var raw = new Uri("http://h/x/%2e%2e/y", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

        var results = await client.DownloadAllAsync([raw, raw, raw], _folder.Path, 2);

        Assert.Equal(["/x/%2e%2e/y", "/x/%2e%2e/y", "/x/%2e%2e/y"], handler.Requests.Select(uri => uri.AbsolutePath).ToArray());
        Assert.All(results, result => Assert.Same(raw, result.Uri));
        Assert.Equal(["y", "y (2)", "y (3)"], results.Select(result => Path.GetFileName(result.Path)).Order(StringComparer.Ordinal).ToArray());
        var failure = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(raw, results[0].Path));
        Assert.Contains("http://h/x/%2e%2e/y", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_that_occurs_twice_keeps_a_path_of_its_own_when_the_run_retries()
    {
        using var handler = new Echo { Failures = 3 };
        using var client = new HttpClient(handler);
        var options = new DownloadAllOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 2, Retry = new RetryOptions { Backoff = Backoff.None, MaxAttempts = 9 } },
            Download = new DownloadOptions { Retry = new RetryOptions { MaxAttempts = 1 } },
        };

        var results = await client.DownloadAllAsync([Address, Address, Address], _folder.Path, options);

        Assert.Equal(["a (2).bin", "a (3).bin", "a.bin"], _folder.Names);
        Assert.Equal(3, results.Select(result => result.Path).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task An_item_sets_the_name_the_length_and_the_hash_of_its_file()
    {
        using var handler = new Echo();
        using var client = new HttpClient(handler);
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Address.AbsoluteUri)));
        DownloadItem[] items =
        [
            new(Address) { FileName = "mine.txt", ExpectedSha256 = hash, ExpectedLength = Address.AbsoluteUri.Length },
            new(Address) { FileName = "wrong.txt", ExpectedSha256 = new string('0', 64) },
            new(Address) { FileName = "short.txt", ExpectedLength = 1 },
            new(Address),
        ];

        var report = await client.DownloadAllReportAsync(items, _folder.Path, 2);
        var results = await client.DownloadAllAsync(
            items.Take(1), _folder.Path, new DownloadAllOptions { FanOut = Keep.FanOut, Download = Keep.Download });

        Assert.Equal(["a.bin", "mine.txt"], _folder.Names);
        Assert.Equal([1, 2], report.Failures.Select(failure => failure.Index));
        Assert.All(report.Failures, failure => Assert.IsType<InvalidDataException>(failure.Exception));
        Assert.Same(items[0], report.Outcomes[0].Item);
        Assert.True(results[0].IsKept);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../a")]
    [InlineData("/etc/passwd")]
    [InlineData("a\\b")]
    [InlineData("C:a")]
    [InlineData("a:stream")]
    [InlineData("NUL")]
    [InlineData("a.")]
    [InlineData("a\u001b")]
    [InlineData("a.asynckit")]
    [InlineData("a.asynckit.json")]
    public void A_name_of_an_item_must_be_a_valid_file_name_on_every_platform(string name)
    {
        var failure = Assert.Throws<ArgumentException>(() => new DownloadItem(Address) { FileName = name });

        Assert.Equal("FileName", failure.ParamName);
        Assert.DoesNotContain(failure.Message, char.IsControl);
        Assert.Equal("a.pdf", new DownloadItem(Address) { FileName = "a.pdf" }.FileName);
    }

    [Fact]
    public async Task Invalid_items_throw()
    {
        using var client = new HttpClient(new Echo());
        DownloadItem[] twice = [new(Address) { FileName = "a" }, new(Address) { FileName = "A" }];
        DownloadItem[] relative = [new(new Uri("a", UriKind.Relative))];

        Assert.Equal("items", Assert.Throws<ArgumentException>(() => { _ = client.DownloadAllAsync(twice, "f", 1); }).ParamName);
        Assert.Equal("items", Assert.Throws<ArgumentException>(() => { _ = client.DownloadAllAsync(relative, "f", 1); }).ParamName);
        Assert.Equal("items", Assert.Throws<ArgumentException>(
            () => { _ = client.DownloadAllReportAsync(new DownloadItem[] { null! }, "f", 1); }).ParamName);
        Assert.Equal("items", Assert.Throws<ArgumentNullException>(
            () => { _ = client.DownloadAllAsync((DownloadItem[])null!, "f", 1); }).ParamName);
        var late = await Assert.ThrowsAsync<ArgumentException>(
            () => client.DownloadAllAsync(twice.Select(item => item), _folder.Path, 1));
        Assert.Equal("items", late.ParamName);
        Assert.Throws<ArgumentNullException>(() => new DownloadItem(null!));
        Assert.Throws<ArgumentNullException>(() => new DownloadItem(Address) { Uri = null! });
        Assert.Throws<ArgumentException>(() => new DownloadItem(Address) { ExpectedSha256 = "a" });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DownloadItem(Address) { ExpectedLength = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DownloadOptions { MaxBytes = 0 });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_is_longer_than_MaxBytes_fails_without_a_retry_and_leaves_no_file(bool isKnown)
    {
        using var handler = new ScriptedHandler(_ => isKnown ? Responses.Whole(Content) : Responses.Chunked(Content));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.DownloadAsync(Address, _folder["a.bin"], Quick with { MaxBytes = 999 }));

        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failure.HttpRequestError);
        Assert.EndsWith("The file is longer than MaxBytes (999 bytes).", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
        using var fitting = new ScriptedHandler(_ => isKnown ? Responses.Whole(Content) : Responses.Chunked(Content));
        using var second = fitting.Client();
        _ = await second.DownloadAsync(Address, _folder["a.bin"], Quick with { MaxBytes = 1_000 });
    }

    [Fact]
    public async Task ConfigureRequest_sets_the_headers_of_each_attempt_except_those_of_the_download()
    {
        var seen = new List<string>();
        using var handler = new ScriptedHandler(
            request => Answer(request, Responses.Whole(Content, body: Responses.Reset(Content, 400))),
            request => Answer(request, Responses.Rest(Content, 400)));
        using var client = handler.Client();
        var attempts = 0;
        var options = Quick with
        {
            ConfigureRequest = request =>
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", $"{++attempts}");
                request.Headers.Range = new RangeHeaderValue(1, 2);
                request.Headers.IfRange = new RangeConditionHeaderValue("\"x\"");
                request.Headers.AcceptEncoding.ParseAdd("gzip");
            },
        };

        _ = await client.DownloadAsync(Address, _folder["a.bin"], options);

        Assert.Equal(["Bearer 1 identity", "Bearer 2 identity"], seen);
        Assert.Equal([(null, null), ("bytes=400-", Responses.ETag)], handler.Ranges);

        HttpResponseMessage Answer(HttpRequestMessage request, HttpResponseMessage response)
        {
            seen.Add($"{request.Headers.Authorization} {request.Headers.AcceptEncoding}");
            return response;
        }
    }

    [Fact]
    public async Task A_failure_of_ConfigureRequest_fails_the_download_and_names_it()
    {
        using var client = new HttpClient(new Echo());
        var thrown = new InvalidOperationException("No token.");

        var failure = await Assert.ThrowsAsync<IOException>(
            () => client.DownloadAsync(Address, _folder["a.bin"], Quick with { ConfigureRequest = _ => throw thrown }));

        Assert.Contains("No token.", failure.Message, StringComparison.Ordinal);
        Assert.Same(thrown, failure.InnerException);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task Target_typed_addresses_compile()
    {
        using var client = new HttpClient(new Echo());

        DownloadResult[] results = await client.DownloadAllAsync([new("http://h/1"), new("http://h/2")], _folder.Path, 2);

        Assert.Equal(["1", "2"], results.Select(result => Path.GetFileName(result.Path)).ToArray());
    }

    /// <summary>Returns the address as the body.</summary>
    private sealed class Echo : HttpMessageHandler
    {
        private readonly List<Uri> _requests = [];

        public int Failures { get; set; }

        public IReadOnlyList<Uri> Requests
        {
            get
            {
                lock (_requests)
                {
                    return [.. _requests];
                }
            }
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            lock (_requests)
            {
                _requests.Add(request.RequestUri!);
                return Failures-- > 0
                    ? throw new HttpRequestException("Refused.")
                    : Task.FromResult(new HttpResponseMessage { Content = new StringContent(request.RequestUri!.AbsoluteUri) });
            }
        }
    }
}
