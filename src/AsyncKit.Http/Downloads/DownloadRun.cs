using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;

namespace AsyncKit.Http;

/// <summary>One download, from the check for an existing file to the complete file under its name.</summary>
/// <remarks>
/// Attempts form series, and MaxAttempts counts the attempts of one series. An attempt that makes the file longer than
/// ever before ends its series. Its failure becomes the first, failed attempt of the next series, so
/// <see cref="Retry"/> decides about it, waits and counts from it. A download that restarts each time makes no progress
/// until it exceeds its greatest length, so it ends too.
/// </remarks>
internal sealed class DownloadRun(
    DownloadContext context, Uri uri, string path, long? expectedLength, string? expectedSha256)
{
    private const int BlockSize = 128 * 1024;

    private readonly DownloadPaths _paths = new(path);
    private readonly DownloadSource _source = DownloadSource.Of(uri);
    private readonly DownloadTracker _tracker = new(context, uri, path);
    private DownloadFile _file = null!; // Null until the file is opened, before the first attempt.
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
                throw new OperationCanceledException(
                    $"{DownloadFailure.Subject(uri, path)} was cancelled.", cancelled, token);
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

        _file = await DownloadFile.OpenAsync(_paths, IsUsable, token).NoContext();
        try
        {
            // Must be repeated: from here on, no other download can complete the file.
            if (await CheckExistingAsync(token).NoContext() is { } completed)
            {
                return completed;
            }

            _greatestLength = _file.ResumeAt;
            _tracker.Set(_file.ResumeAt, _file.Version?.Length);
            await RunSeriesAsync(token).NoContext();
            await _file.CompleteAsync(context.Options.OnExisting).NoContext();
        }
        finally
        {
            await _file.CloseAsync().NoContext();
        }

        return Result(_file.Length);
    }

    /// <summary>Returns true if this download can resume from bytes of that version. A URL that is signed again has
    /// another query, so only a strong ETag shows that it leads to the same file.</summary>
    private bool IsUsable(DownloadSource source, DownloadVersion version) =>
        (source == _source || (source.Resource.Equals(_source.Resource, StringComparison.Ordinal) && version.HasStrongETag))
        && (expectedLength ?? version.Length) == version.Length
        && version.Length <= context.Options.MaxBytes;

    private DownloadResult Result(long length)
    {
        _tracker.Set(length, length);
        return new(uri, path, length, _tracker.Received, _resumedFrom, _attempts, _tracker.Elapsed);
    }

    /// <returns>The result if an existing file is kept; null if the file must be downloaded.</returns>
    private async Task<DownloadResult?> CheckExistingAsync(CancellationToken token)
    {
        var options = context.Options;
        var existing = DownloadFile.ExistingAsync(
            _paths,
            isKept: options.OnExisting == ExistingFile.Keep,
            deletesLeftovers: _file is null && options.OnExisting != ExistingFile.Replace,
            token);
        if (await existing.NoContext() is not { } length || options.OnExisting == ExistingFile.Replace)
        {
            return null;
        }

        if (options.OnExisting == ExistingFile.Fail)
        {
            throw new IOException("The file already exists; set OnExisting to Replace or Keep.");
        }

        CheckLength(length);
        if (expectedSha256 is not null)
        {
            using var file = await Offload.RunAsync(() => File.OpenHandle(path), token).NoContext();
            CheckHash(await DownloadHash.OfAsync(file, token).NoContext());
        }

        return Result(length);
    }

    private async Task RunSeriesAsync(CancellationToken token)
    {
        Exception? interruption = null;
        while (true)
        {
            var outcome = await RunSeriesAsync(interruption, token).NoContext();
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

    private async Task<AttemptOutcome> RunSeriesAsync(Exception? first, CancellationToken token)
    {
        var options = SeriesOptions(first);
        try
        {
            return await Retry.RunAsync(
                attempt =>
                {
                    var failed = first;
                    first = null;
                    return failed is null
                        ? AttemptAsync(attempt, token)
                        : ValueTask.FromException<AttemptOutcome>(failed);
                },
                options,
                token).NoContext();
        }
        catch (TimeoutException exception) when (options.TotalTimeout is not null && !ReferenceEquals(exception, _unchanged))
        {
            throw context.TotalTimedOut(exception); // It elapsed between two attempts.
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
        using var timer = context.NewAttemptTimer();
        using var linked = timer is null ? null : CancellationTokenSource.CreateLinkedTokenSource(token, timer.Token);
        try
        {
            _file.RefreshLength();
            return new AttemptOutcome(await FetchAsync(linked?.Token ?? token).NoContext(), IsFinal: true);
        }
        catch (Exception exception) when (!callerToken.IsCancellationRequested)
        {
            var hasProgress = _file.Length > _greatestLength;
            _greatestLength = Math.Max(_file.Length, _greatestLength);
            var isTotal = exception is OperationCanceledException && token.IsCancellationRequested;
            var isAttempt = exception is OperationCanceledException && timer?.IsCancellationRequested == true;
            var named = _unchanged = DownloadFailure.Named(
                isTotal ? context.TotalTimedOut(exception) : isAttempt ? context.AttemptTimedOut(exception) : exception,
                uri,
                path);
            if (context.Options.Logger is { } logger)
            {
                DownloadLog.AttemptFailed(logger, UriText.Of(uri), _attempts, _file.Length, named);
            }

            return isTotal || hasProgress ? new AttemptOutcome(named, IsFinal: isTotal) : throw named;
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
                OnResuming(from);
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
        HttpRequestTimeouts.SetForOwnBody(request);
        context.Options.ConfigureRequest?.Invoke(request);
        request.Headers.AcceptEncoding.Clear();
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.Range = null;
        request.Headers.IfRange = null;
        version?.RequestRest(request, from);
        return request;
    }

    private async Task RestartAsync(HttpResponseMessage response, CancellationToken token)
    {
        if (response.Content.Headers.ContentLength is { } length)
        {
            CheckLength(length);
            if (length > context.Options.MaxBytes)
            {
                throw TooLong();
            }
        }

        if (_file.Length > 0 && context.Options.Logger is { } logger)
        {
            DownloadLog.Restarting(logger, UriText.Of(uri), _file.Length);
        }

        _resumedFrom = 0;
        await _file.RestartAsync(_source, DownloadVersion.Of(response), token).NoContext();
    }

    private void OnResuming(long from)
    {
        if (context.Options.Logger is { } logger)
        {
            DownloadLog.Resuming(logger, UriText.Of(uri), from);
        }

        if (_tracker.Received == 0)
        {
            _resumedFrom = from;
        }
    }

    /// <inheritdoc cref="FetchAsync"/>
    private async Task<Exception?> ReceiveAsync(HttpResponseMessage response, CancellationToken token)
    {
        var total = _file.Version?.Length ?? response.Content.Headers.ContentLength;
        var maxLength = total ?? expectedLength;
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            using var body = new LimitedStream(
                await response.Content.ReadAsStreamAsync(token).NoContext(),
                new ResponseScope(response.RequestMessage, context.BodyLimits));
            while (await body.ReadAsync(buffer, token).NoContext() is > 0 and var count)
            {
                if (_file.Length + count > maxLength || _file.Length + count > context.Options.MaxBytes)
                {
                    await _file.DiscardAsync().NoContext();
                    throw _file.Length + count > maxLength
                        ? new InvalidDataException($"The body is longer than the expected {maxLength} bytes.")
                        : TooLong();
                }

                await _file.AppendAsync(buffer.AsMemory(0, count)).NoContext();
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
            if (expectedSha256 is not null)
            {
                CheckHash(await DownloadHash.OfAsync(_file.Handle, token).NoContext());
            }
        }
        catch (InvalidDataException)
        {
            await _file.DiscardAsync().NoContext(); // Otherwise the next call would resume from wrong bytes.
            throw;
        }
    }

    private HttpRequestException TooLong() => new(
        HttpRequestError.ConfigurationLimitExceeded, $"The file is longer than MaxBytes ({context.Options.MaxBytes:N0} bytes).");

    private void CheckLength(long length)
    {
        if (expectedLength is { } expected && expected != length)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"The length is {length} bytes; ExpectedLength is {expected}."));
        }
    }

    private void CheckHash(string hash)
    {
        if (expectedSha256 is { } expected
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
