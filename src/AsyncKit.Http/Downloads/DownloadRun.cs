using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;

namespace AsyncKit.Http;

/// <summary>One download, from the look whether the file is there to the file under its name.</summary>
/// <remarks>
/// Attempts come in rows. One that has brought bytes which were never there before ends its row: <see cref="Retry"/> sees it
/// again as the first, failed attempt of the next. So it decides about it, waits, and counts from it. A download that begins
/// anew each time makes no such progress until it gets further than ever, so it ends too.
/// </remarks>
internal sealed partial class DownloadRun(DownloadContext terms, Uri uri, string path)
{
    private readonly DownloadPaths _paths = new(path);
    private readonly DownloadTracker _tracker = new(terms, uri, path);
    private DownloadFile _file = null!; // Set before the first attempt.
    private DownloadHash? _hash;
    private int _attempts;
    private long _furthest;
    private long _resumedFrom;
    private Exception? _toThrow; // As it is.

    public async Task<DownloadResult> RunAsync(CancellationToken token)
    {
        DownloadResult result;
        try
        {
            result = await RunToEndAsync(token).NoContext();
        }
        catch (Exception exception)
        {
            _ = await _tracker.FinishAsync().NoContext(); // What the download ended with is told, not what its receiver throws now.
            if (exception is OperationCanceledException cancelled && token.IsCancellationRequested)
            {
                throw cancelled.CancellationToken == token
                    ? cancelled
                    : new OperationCanceledException(cancelled.Message, cancelled, token);
            }

            var named = ReferenceEquals(exception, _toThrow) ? exception : DownloadFailure.Named(exception, uri, path);
            DownloadFailure.CountAttempts(named, _attempts);
            if (ReferenceEquals(named, exception))
            {
                throw;
            }

            throw named;
        }

        if (await _tracker.FinishAsync().NoContext() is { } ofReceiver)
        {
            ExceptionDispatchInfo.Throw(ofReceiver);
        }

        return result;
    }

    private async Task<DownloadResult> RunToEndAsync(CancellationToken token)
    {
        if (await KeptAsync(token).NoContext() is { } kept)
        {
            return kept;
        }

        _file = await DownloadFile.OpenAsync(
            _paths,
            version => version.Uri.Equals(uri.AbsoluteUri, StringComparison.Ordinal)
                && (terms.Options.ExpectedLength ?? version.Length) == version.Length,
            token).NoContext();
        try
        {
            if (await KeptAsync(token).NoContext() is { } meanwhile) // No other download can complete it any more.
            {
                return meanwhile;
            }

            _hash = terms.Options.ExpectedSha256 is null ? null : new DownloadHash();
            _furthest = _file.ResumeAt;
            _tracker.Set(_file.ResumeAt, _file.Version?.Length);
            await FetchInRowsAsync(token).NoContext();
            await _file.CompleteAsync(terms.Options.OnExisting).NoContext();
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

    private async Task<DownloadResult?> KeptAsync(CancellationToken token)
    {
        var options = terms.Options;
        if (await DownloadFile.ExistingAsync(_paths, token).NoContext() is not { } length || options.OnExisting == ExistingFile.Replace)
        {
            return null;
        }

        if (options.OnExisting == ExistingFile.Fail)
        {
            throw new IOException("There is a file of that name.");
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

    private async Task FetchInRowsAsync(CancellationToken token)
    {
        Exception? interruption = null;
        while (true)
        {
            var first = interruption;
            var ending = await Retry.RunAsync(
                attempt =>
                {
                    var before = first;
                    first = null;
                    return before is null ? AttemptAsync(attempt, token) : ValueTask.FromException<Ending>(before);
                },
                RowOptions(interruption),
                token).NoContext();
            if (ending.Failure is null)
            {
                return;
            }

            if (ending.IsFinal)
            {
                _toThrow = ending.Failure;
                ExceptionDispatchInfo.Throw(ending.Failure);
            }

            interruption = ending.Failure;
        }
    }

    /// <summary>All rows have the time of all attempts together.</summary>
    private RetryOptions RowOptions(Exception? interruption)
    {
        if (interruption is null || terms.Retry.TotalTimeout is not { } total || total == Timeout.InfiniteTimeSpan)
        {
            return terms.Retry;
        }

        var left = total - _tracker.Elapsed;
        if (left <= TimeSpan.Zero)
        {
            ExceptionDispatchInfo.Throw(interruption);
        }

        return terms.Retry with { TotalTimeout = left };
    }

    /// <param name="token">Cancelled by a limit too.</param>
    /// <param name="ofCaller">Cancelled by the caller of the download.</param>
    private async ValueTask<Ending> AttemptAsync(CancellationToken token, CancellationToken ofCaller)
    {
        _attempts++;
        try
        {
            _file.Recount();
            return new Ending(await FetchAsync(token).NoContext(), IsFinal: true);
        }
        catch (Exception exception) when (!ofCaller.IsCancellationRequested)
        {
            var isOutOfTime = exception is OperationCanceledException && token.IsCancellationRequested;
            var hasProgress = _file.Length > _furthest;
            _furthest = Math.Max(_file.Length, _furthest);
            if (isOutOfTime && !hasProgress)
            {
                throw; // Retry knows which limit it was.
            }

            var named = _toThrow = isOutOfTime
                ? new TimeoutException($"{DownloadFailure.Subject(uri, path)} was stopped by the limit of an attempt.", exception)
                : DownloadFailure.Named(exception, uri, path);
            if (terms.Options.Logger is { } logger)
            {
                DownloadLog.AttemptFailed(logger, UriText.Of(uri), _attempts, _file.Length, named);
            }

            if (hasProgress)
            {
                return new Ending(named, IsFinal: false);
            }

            if (ReferenceEquals(named, exception))
            {
                throw;
            }

            throw named;
        }
    }

    private void CheckLength(long length)
    {
        if (terms.Options.ExpectedLength is { } expected && expected != length)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"It has {length} bytes, and {expected} were expected."));
        }
    }

    private void CheckHash(string hash)
    {
        if (terms.Options.ExpectedSha256 is { } expected && !expected.Equals(hash, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException(
                $"Its SHA-256 is {hash.ToUpperInvariant()}, and {expected.ToUpperInvariant()} was expected.");
        }
    }

    /// <summary>How an attempt has ended that is not tried again at once.</summary>
    /// <param name="Failure">Null if it has succeeded.</param>
    /// <param name="IsFinal">Whether it ends the download.</param>
    private readonly record struct Ending(Exception? Failure, bool IsFinal);
}
