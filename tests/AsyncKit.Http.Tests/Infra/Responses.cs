using System.Net;
using System.Net.Http.Headers;

namespace AsyncKit.Http.Tests;

/// <summary>Creates the responses of a server to a request for a file.</summary>
internal static class Responses
{
    public const string ETag = "\"one\"";

    public static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <param name="eTag">The ETag; null for none.</param>
    public static HttpResponseMessage Whole(byte[] file, string? eTag = ETag, Stream? body = null)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body ?? new MemoryStream(file)) };
        response.Content.Headers.ContentLength = file.Length;
        response.Headers.ETag = eTag is null ? null : EntityTagHeaderValue.Parse(eTag);
        return response;
    }

    /// <summary>A response without a length.</summary>
    public static HttpResponseMessage Chunked(byte[] file, Stream? body = null)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body ?? new UnseekableStream(file)) };
        response.Headers.ETag = EntityTagHeaderValue.Parse(ETag);
        return response;
    }

    public static HttpResponseMessage Rest(byte[] file, int from, string? eTag = ETag, Stream? body = null)
    {
        var response = new HttpResponseMessage(HttpStatusCode.PartialContent)
        {
            Content = new StreamContent(body ?? new MemoryStream(file[from..])),
        };
        response.Content.Headers.ContentLength = file.Length - from;
        response.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, file.Length - 1, file.Length);
        response.Headers.ETag = eTag is null ? null : EntityTagHeaderValue.Parse(eTag);
        return response;
    }

    public static HttpResponseMessage NotSatisfiable(long length)
    {
        var response = new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable) { Content = new ByteArrayContent([]) };
        response.Content.Headers.ContentRange = new ContentRangeHeaderValue(length);
        return response;
    }

    public static HttpResponseMessage Status(HttpStatusCode status) => new(status) { Content = new ByteArrayContent([]) };

    /// <summary>A body that is reset after that many bytes.</summary>
    public static Stream Reset(byte[] bytes, int after) => new ScriptedBody(
        bytes[..after], _ => ValueTask.FromException<int>(new HttpIOException(HttpRequestError.ResponseEnded, "Reset.")));

    /// <summary>A body that stalls after that many bytes.</summary>
    public static Stream Stall(byte[] bytes, int after) => new ScriptedBody(bytes[..after], async token =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        return 0;
    });

    /// <summary>A body that ends early.</summary>
    public static Stream Short(byte[] bytes, int after) => new MemoryStream(bytes[..after]);

    /// <summary>A body that sends the rest after the gate opens.</summary>
    public static Stream Gated(byte[] bytes, int after, TestGate gate)
    {
        var rest = bytes.AsMemory(after);
        return new ScriptedBody(bytes[..after], async token =>
        {
            await gate.PassAsync(token);
            return -1;
        })
        { Rest = rest };
    }
}
