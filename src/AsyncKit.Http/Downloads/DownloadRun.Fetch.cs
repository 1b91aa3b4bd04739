using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <content>One attempt: the request, its answer, its body.</content>
internal sealed partial class DownloadRun
{
    private const int BlockSize = 128 * 1024;
    private const string IdentityEncoding = "identity";

    /// <returns>What the receiver of progress has thrown, which is not tried again.</returns>
    private async Task<Exception?> FetchAsync(CancellationToken token)
    {
        var asksForRest = _file.ResumeAt > 0;
        while (true)
        {
            var version = asksForRest ? _file.Version : null;
            var from = asksForRest ? _file.ResumeAt : 0;
            using var request = Request(version, from);
            using var response = await terms.Client
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).NoContext();
            var answer = DownloadResponse.Judge(response, from, version, terms.Clock);
            if (answer == ResponseMatch.Unusable)
            {
                asksForRest = false; // Then it is never that again.
                continue;
            }

            if (answer == ResponseMatch.Whole)
            {
                await BeginAsync(response, token).NoContext();
            }
            else
            {
                await GoOnAsync(from, token).NoContext();
            }

            if (answer != ResponseMatch.Complete && await ReceiveAsync(response, token).NoContext() is { } ofReceiver)
            {
                return ofReceiver;
            }

            await CheckContentAsync(token).NoContext();
            return null;
        }
    }

    private HttpRequestMessage Request(DownloadVersion? version, long from)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, uri)
        {
            Version = terms.Client.DefaultRequestVersion,
            VersionPolicy = terms.Client.DefaultVersionPolicy,
        };
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(IdentityEncoding));
        version?.AskForRest(request, from);
        return request;
    }

    private async Task BeginAsync(HttpResponseMessage response, CancellationToken token)
    {
        if (DownloadResponse.LengthOfBody(response) is { } length)
        {
            CheckLength(length);
        }

        if (_file.Length > 0 && terms.Options.Logger is { } logger)
        {
            DownloadLog.BeginsAnew(logger, UriText.Of(uri), _file.Length);
        }

        _resumedFrom = 0;
        _hash?.Reset();
        await _file.BeginAsync(DownloadVersion.Of(response, uri), token).NoContext();
    }

    private Task GoOnAsync(long from, CancellationToken token)
    {
        if (terms.Options.Logger is { } logger)
        {
            DownloadLog.GoesOn(logger, UriText.Of(uri), from);
        }

        if (_tracker.Received == 0)
        {
            _resumedFrom = from;
        }

        return _hash?.CatchUpAsync(_file, token) ?? Task.CompletedTask;
    }

    /// <returns>What the receiver of progress has thrown.</returns>
    private async Task<Exception?> ReceiveAsync(HttpResponseMessage response, CancellationToken token)
    {
        var total = _file.Version?.Length ?? DownloadResponse.LengthOfBody(response);
        var most = total ?? terms.Options.ExpectedLength;
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            using var body = new LimitedStream(
                await response.Content.ReadAsStreamAsync(token).NoContext(),
                new(response.RequestMessage, long.MaxValue, terms.Idle, Place: null));
            while (await body.ReadAsync(buffer, token).NoContext() is > 0 and var count)
            {
                if (_file.Length + count > most)
                {
                    await DiscardAsync().NoContext();
                    throw new InvalidDataException($"There are more bytes than the {most} that there should be.");
                }

                await _file.AppendAsync(buffer.AsMemory(0, count)).NoContext();
                _hash?.Append(buffer.AsSpan(0, count));
                if (_tracker.Add(_file.Length, total, count) is { } ofReceiver)
                {
                    return ofReceiver;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer); // No read is pending: the deadline waits for it.
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
            await DiscardAsync().NoContext(); // The next call would go on from wrong bytes.
            throw;
        }
    }

    private async Task DiscardAsync()
    {
        await _file.DiscardAsync().NoContext();
        _hash?.Reset();
    }
}
