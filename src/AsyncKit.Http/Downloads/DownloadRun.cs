using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;

namespace AsyncKit.Http;

/// <summary>One download, from the check for an existing file to the complete file under its name.</summary>
/// <remarks>
/// Attempts form series, and MaxAttempts counts the attempts of one series. An attempt that makes the file longer than
/// ever before ends its series. Its failure becomes the first, failed attempt of the next series, so
/// <see cref="Retry"/> decides about it, waits and counts from it. A download that restarts each time makes no progress
/// until it exceeds its greatest length, so it ends too.
/// </remarks>
internal sealed class DownloadRun(DownloadContext context, Uri uri, string path)
{
    private const int BlockSize = 128 * 1024;

    private readonly DownloadPaths _paths = new(path);
    private readonly DownloadTracker _tracker = new(context, uri, path);
    private DownloadFile _file = null!; // Set before the first attempt.
    private DownloadHash? _hash;
    private int _attempts;
    private long _greatestLength;
    private long _resumedFrom;
    private Exception? _unchanged; // Thrown unchanged: it already names the download, or user code threw it.

    public async Task<DownloadResult> RunAsync(CancellationToken token)
    {
        AsyncEnvironment.LeaveContext(); // Files are written and the progress is reported on the thread pool.
        DownloadResult result;
        try
        {
            result = await RunToEndAsync(token).NoContext();
        }
        catch (Exception exception)
        {
            _ = await _tracker.FinishAsync().NoContext(); // The failure of the download wins.
            if (exception is OperationCanceledException cancelled && token.IsCancellationRequested)
            {
                throw cancelled.CancellationToken == token
                    ? cancelled
                    : new OperationCanceledException(cancelled.Message, cancelled, token);
            }

            var named = ReferenceEquals(exception, _unchanged)
                ? exception
                : DownloadFailure.Named(exception, uri, path);
            if (_attempts > 0)
            {
                named.Data["AsyncKit.Attempts"] = _attempts; // Replaces the count of Retry, which covers one series.
            }

            if (ReferenceEquals(named, exception))
            {
                throw;
            }

            throw named;
        }

        if (await _tracker.FinishAsync().NoContext() is { } progressFailure)
        {
            ExceptionDispatchInfo.Throw(progressFailure);
        }

        return result;
    }

    private async Task<DownloadResult> RunToEndAsync(CancellationToken token)
    {
        if (await CheckExistingAsync(token).NoContext() is { } kept)
        {
            return kept;
        }

        _file = await DownloadFile.OpenAsync(
            _paths,
            version => version.Uri.Equals(uri.AbsoluteUri, StringComparison.Ordinal)
                && (context.Options.ExpectedLength ?? version.Length) == version.Length,
            token).NoContext();
        try
        {
            // Must be repeated: from here on, no other download can complete the file.
            if (await CheckExistingAsync(token).NoContext() is { } completed)
            {
                return completed;
            }

            _hash = context.Options.ExpectedSha256 is null ? null : new DownloadHash();
            _greatestLength = _file.ResumeAt;
            _tracker.Set(_file.ResumeAt, _file.Version?.Length);
            await RunSeriesAsync(token).NoContext();
            await _file.CompleteAsync(context.Options.OnExisting).NoContext();
        }
        finally
        {
            _hash?.Dispose();
            await _file.CloseAsync().NoContext();
        }

        return Result(_file.Length);
    }

    private DownloadResult Result(long length)
    {
        _tracker.Set(length, length);
        return new(uri, path, length, _tracker.Received, _resumedFrom, _attempts, _tracker.Elapsed);
    }

    /// <returns>The result if an existing file is kept; null if the file must be downloaded.</returns>
    private async Task<DownloadResult?> CheckExistingAsync(CancellationToken token)
    {
        var options = context.Options;
        if (await DownloadFile.ExistingAsync(_paths, token).NoContext() is not { } length
            || options.OnExisting == ExistingFile.Replace)
        {
            return null;
        }

        if (options.OnExisting == ExistingFile.Fail)
        {
            throw new IOException("The file already exists; set OnExisting to Replace or Keep.");
        }

        CheckLength(length);
        if (options.ExpectedSha256 is not null)
        {
            var hash = await Offload.RunAsync(
                () =>
                {
                    using var file = File.OpenRead(path);
                    return Convert.ToHexString(SHA256.HashData(file));
                },
                token).NoContext();
            CheckHash(hash);
        }

        return Result(length);
    }

    private async Task RunSeriesAsync(CancellationToken token)
    {
        Exception? interruption = null;
        while (true)
        {
            var first = interruption;
            var outcome = await Retry.RunAsync(
                attempt =>
                {
                    var failed = first;
                    first = null;
                    return failed is null
                        ? AttemptAsync(attempt, token)
                        : ValueTask.FromException<AttemptOutcome>(failed);
                },
                SeriesOptions(interruption),
                token).NoContext();
            if (outcome.Failure is null)
            {
                return;
            }

            if (outcome.IsFinal)
            {
                _unchanged = outcome.Failure;
                ExceptionDispatchInfo.Throw(outcome.Failure);
            }

            interruption = outcome.Failure;
        }
    }

    /// <summary>Returns the retry options of the next series. All series share the total timeout.</summary>
    private RetryOptions SeriesOptions(Exception? interruption)
    {
        if (interruption is null || context.Retry.TotalTimeout is not { } total || total == Timeout.InfiniteTimeSpan)
        {
            return context.Retry;
        }

        var remaining = total - _tracker.Elapsed;
        if (remaining <= TimeSpan.Zero)
        {
            ExceptionDispatchInfo.Throw(interruption);
        }

        return context.Retry with { TotalTimeout = remaining };
    }

    /// <param name="token">The token of the attempt, which a time limit also cancels.</param>
    /// <param name="callerToken">The token of the caller.</param>
    private async ValueTask<AttemptOutcome> AttemptAsync(CancellationToken token, CancellationToken callerToken)
    {
        _attempts++;
        try
        {
            _file.RefreshLength();
            return new AttemptOutcome(await FetchAsync(token).NoContext(), IsFinal: true);
        }
        catch (Exception exception) when (!callerToken.IsCancellationRequested)
        {
            var isTimeout = exception is OperationCanceledException && token.IsCancellationRequested;
            var hasProgress = _file.Length > _greatestLength;
            _greatestLength = Math.Max(_file.Length, _greatestLength);
            if (isTimeout && !hasProgress)
            {
                throw; // Retry knows which limit expired.
            }

            var named = _unchanged = isTimeout
                ? new TimeoutException($"{DownloadFailure.Subject(uri, path)} timed out.", exception)
                : DownloadFailure.Named(exception, uri, path);
            if (context.Options.Logger is { } logger)
            {
                DownloadLog.AttemptFailed(logger, UriText.Of(uri), _attempts, _file.Length, named);
            }

            if (hasProgress)
            {
                return new AttemptOutcome(named, IsFinal: false);
            }

            if (ReferenceEquals(named, exception))
            {
                throw;
            }

            throw named;
        }
    }

    /// <returns>The exception of the progress receiver, which is not retried; null on success.</returns>
    private async Task<Exception?> FetchAsync(CancellationToken token)
    {
        var isResume = _file.ResumeAt > 0;
        while (true)
        {
            var version = isResume ? _file.Version : null;
            var from = isResume ? _file.ResumeAt : 0;
            using var request = CreateRequest(version, from);
            using var response = await context.Client
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).NoContext();
            var match = DownloadResponse.Match(response, from, version, context.Clock);
            if (match == ResponseMatch.Unusable)
            {
                isResume = false; // A request for the whole file never returns Unusable.
                continue;
            }

            if (match == ResponseMatch.Whole)
            {
                await RestartAsync(response, token).NoContext();
            }
            else
            {
                await ResumeAsync(from, token).NoContext();
            }

            if (match != ResponseMatch.Complete
                && await ReceiveAsync(response, token).NoContext() is { } progressFailure)
            {
                return progressFailure;
            }

            await CheckContentAsync(token).NoContext();
            return null;
        }
    }

    private HttpRequestMessage CreateRequest(DownloadVersion? version, long from)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, uri)
        {
            Version = context.Client.DefaultRequestVersion,
            VersionPolicy = context.Client.DefaultVersionPolicy,
        };
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        version?.RequestRest(request, from);
        return request;
    }

    private async Task RestartAsync(HttpResponseMessage response, CancellationToken token)
    {
        if (response.Content.Headers.ContentLength is { } length)
        {
            CheckLength(length);
        }

        if (_file.Length > 0 && context.Options.Logger is { } logger)
        {
            DownloadLog.Restarting(logger, UriText.Of(uri), _file.Length);
        }

        _resumedFrom = 0;
        _hash?.Reset();
        await _file.RestartAsync(DownloadVersion.Of(response, uri), token).NoContext();
    }

    private Task ResumeAsync(long from, CancellationToken token)
    {
        if (context.Options.Logger is { } logger)
        {
            DownloadLog.Resuming(logger, UriText.Of(uri), from);
        }

        if (_tracker.Received == 0)
        {
            _resumedFrom = from;
        }

        return _hash?.CatchUpAsync(_file, token) ?? Task.CompletedTask;
    }

    /// <inheritdoc cref="FetchAsync"/>
    private async Task<Exception?> ReceiveAsync(HttpResponseMessage response, CancellationToken token)
    {
        var total = _file.Version?.Length ?? response.Content.Headers.ContentLength;
        var maxLength = total ?? context.Options.ExpectedLength;
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            using var body = new LimitedStream(
                await response.Content.ReadAsStreamAsync(token).NoContext(),
                new(response.RequestMessage, long.MaxValue, context.Idle, Lease: null));
            while (await body.ReadAsync(buffer, token).NoContext() is > 0 and var count)
            {
                if (_file.Length + count > maxLength)
                {
                    await DiscardAsync().NoContext();
                    throw new InvalidDataException($"The body is longer than the expected {maxLength} bytes.");
                }

                await _file.AppendAsync(buffer.AsMemory(0, count)).NoContext();
                _hash?.Append(buffer.AsSpan(0, count));
                if (_tracker.Add(_file.Length, total, count) is { } progressFailure)
                {
                    return progressFailure;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer); // Safe: no read is pending.
        }

        if (_file.Length < total)
        {
            throw new EndOfStreamException(string.Create(
                CultureInfo.InvariantCulture, $"The body ended after {_file.Length} of {total} bytes."));
        }

        return null;
    }

    private async Task CheckContentAsync(CancellationToken token)
    {
        try
        {
            CheckLength(_file.Length);
            if (_hash is not null)
            {
                await _hash.CatchUpAsync(_file, token).NoContext();
                CheckHash(_hash.Current());
            }
        }
        catch (InvalidDataException)
        {
            await DiscardAsync().NoContext(); // Otherwise the next call would resume from wrong bytes.
            throw;
        }
    }

    private async Task DiscardAsync()
    {
        await _file.DiscardAsync().NoContext();
        _hash?.Reset();
    }

    private void CheckLength(long length)
    {
        if (context.Options.ExpectedLength is { } expected && expected != length)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"The length is {length} bytes; ExpectedLength is {expected}."));
        }
    }

    private void CheckHash(string hash)
    {
        if (context.Options.ExpectedSha256 is { } expected
            && !expected.Equals(hash, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException(
                $"The SHA-256 is {hash.ToUpperInvariant()}; ExpectedSha256 is {expected.ToUpperInvariant()}.");
        }
    }

    /// <summary>The outcome of an attempt that <see cref="Retry"/> does not handle.</summary>
    /// <param name="Failure">The exception; null on success.</param>
    /// <param name="IsFinal">True if the outcome ends the download; false if it ends only the series.</param>
    private readonly record struct AttemptOutcome(Exception? Failure, bool IsFinal);
}
