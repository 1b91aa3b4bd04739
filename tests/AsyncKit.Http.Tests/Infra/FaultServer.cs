using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Http.Tests;

/// <summary>Serves files on a loopback address, under /(number)/file-(number).bin. It applies a fault to each request, and
/// records the requests.</summary>
internal sealed class FaultServer : IAsyncDisposable
{
    private const int BlockSize = 16 * 1024;

    private readonly ConcurrentDictionary<int, int> _attempts = new();
    private readonly ConcurrentDictionary<int, int> _versions = new();
    private readonly ConcurrentQueue<FileRequest> _requests = new();
    private readonly Func<int, int> _length;
    private readonly Func<int, int, Fault> _fault;
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private long _allowance = long.MaxValue;
    private int _active;
    private TaskCompletionSource _used = NewSignal();
    private TaskCompletionSource _raised = NewSignal();
    private TaskCompletionSource _idle = NewSignal();

    /// <param name="length">The length of a file, by its number.</param>
    /// <param name="fault">The fault, by the number of a file and the attempt, from 1.</param>
    private FaultServer(Func<int, int> length, Func<int, int, Fault> fault)
    {
        _length = length;
        _fault = fault;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            OnActive(+1);
            try
            {
                await ServeAsync(context);
            }
            finally
            {
                OnActive(-1);
            }
        });
    }

    /// <summary>The requests, in order.</summary>
    public IReadOnlyCollection<FileRequest> Requests => _requests;

    private Uri Address => new(_app.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<FaultServer> StartAsync(Func<int, int> length, Func<int, int, Fault> fault)
    {
        var server = new FaultServer(length, fault);
        await server._app.StartAsync();
        return server;
    }

    public Uri UriOf(int file) => new(Address, string.Create(CultureInfo.InvariantCulture, $"/{file}/file-{file}.bin"));

    public static string NameOf(int file) => string.Create(CultureInfo.InvariantCulture, $"file-{file}.bin");

    /// <summary>The name of the file in a download of many files with <see cref="ExistingFile.Keep"/>.</summary>
    public string KeptNameOf(int file) =>
        DownloadFileName.WithHash(NameOf(file), DownloadSource.Of(UriOf(file)).Url);

    /// <summary>The current version of the file.</summary>
    public byte[] Content(int file) => Content(file, _versions.GetValueOrDefault(file));

    /// <summary>Returns true if the bytes are one version of the file, the current one or an earlier one.</summary>
    public bool IsVersion(int file, byte[] bytes) => Enumerable.Range(0, _versions.GetValueOrDefault(file) + 1)
        .Any(version => Content(file, version).AsSpan().SequenceEqual(bytes));

    /// <summary>Allows that many bytes of bodies. Afterwards all bodies wait for the next call, or for their clients to
    /// disconnect.</summary>
    /// <returns>A task that completes when the bytes are sent.</returns>
    public Task Allow(long bytes)
    {
        TaskCompletionSource raised;
        lock (_lock)
        {
            _allowance = bytes;
            _used = NewSignal();
            raised = _raised;
            _raised = NewSignal();
        }

        raised.SetResult();
        return _used.Task;
    }

    /// <summary>Waits until no request is in progress.</summary>
    public Task IdleAsync()
    {
        lock (_lock)
        {
            return _active == 0 ? Task.CompletedTask : _idle.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var immediately = new CancellationTokenSource();
        await immediately.CancelAsync();
        try
        {
            await _app.StopAsync(immediately.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping does not wait for a stalled body.
        }

        await _app.DisposeAsync();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private byte[] Content(int file, int version) => Responses.Bytes(_length(file), (file * 100) + version);

    private void OnActive(int change)
    {
        lock (_lock)
        {
            _active += change;
            if (_active == 0)
            {
                _ = _idle.TrySetResult();
                _idle = NewSignal();
            }
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var file = int.Parse(request.Path.Value!.Split('/')[1], CultureInfo.InvariantCulture);
        var range = request.GetTypedHeaders().Range?.Ranges.Single().From;
        var attempt = _attempts.AddOrUpdate(file, 1, static (_, count) => count + 1);
        _requests.Enqueue(new FileRequest(file, attempt, range));
        var fault = _fault(file, attempt);
        if (fault == Fault.NewVersion)
        {
            _ = _versions.AddOrUpdate(file, 1, static (_, version) => version + 1);
        }

        var version = _versions.GetValueOrDefault(file);
        var content = Content(file, version);
        var eTag = string.Create(CultureInfo.InvariantCulture, $"\"{file}-{version}\"");
        switch (fault)
        {
            case Fault.BusySeconds:
                response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                response.Headers.RetryAfter = "0";
                return;
            case Fault.BusyDate:
                response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                response.Headers.RetryAfter = TimeProvider.System.GetUtcNow().ToString("r");
                return;
            case Fault.ResetBeforeHeaders:
                context.Abort();
                return;
            case Fault.Missing:
                response.StatusCode = StatusCodes.Status404NotFound;
                return;
        }

        response.Headers.ETag = eTag;
        if (fault == Fault.Gzip)
        {
            response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(content);
            return;
        }

        var isChunked = fault is Fault.Chunked or Fault.ChunkedReset;
        var from = 0;
        if (range is { } start && fault != Fault.IgnoredRange && !isChunked && request.Headers.IfRange == eTag)
        {
            if (start >= content.Length)
            {
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{content.Length}");
                return;
            }

            from = (int)start;
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = string.Create(
                CultureInfo.InvariantCulture, $"bytes {from}-{content.Length - 1}/{content.Length}");
        }

        if (!isChunked)
        {
            response.ContentLength = content.Length - from + (fault == Fault.WrongLength ? 10 : 0);
        }

        var end = fault is Fault.ResetInBody or Fault.Stall or Fault.ChunkedReset
            ? from + ((content.Length - from) / 2)
            : content.Length;
        await SendAsync(context, content.AsMemory(from, end - from));
        if (fault == Fault.Stall)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else if (end < content.Length || fault == Fault.WrongLength)
        {
            context.Abort();
        }
    }

    private async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        while (body.Length > 0)
        {
            var taken = await TakeAsync(Math.Min(body.Length, BlockSize), context.RequestAborted);
            _ = await context.Response.BodyWriter.WriteAsync(body[..taken], context.RequestAborted);
            body = body[taken..];
        }

        _ = await context.Response.BodyWriter.FlushAsync();
    }

    private async Task<int> TakeAsync(int requested, CancellationToken aborted)
    {
        while (true)
        {
            TaskCompletionSource raised;
            lock (_lock)
            {
                if (_allowance > 0)
                {
                    var taken = (int)Math.Min(requested, _allowance);
                    _allowance -= taken;
                    if (_allowance == 0)
                    {
                        _ = _used.TrySetResult();
                    }

                    return taken;
                }

                raised = _raised;
            }

            await raised.Task.WaitAsync(aborted);
        }
    }

    /// <param name="File">The number of the file.</param>
    /// <param name="Attempt">The number of the request for this file, from 1.</param>
    /// <param name="From">The start of the range; null for the whole file.</param>
    internal sealed record FileRequest(int File, int Attempt, long? From);
}
