using System.Buffers;
using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>Reads a response into a value. A bulk GET passes its limits to it, which saves the objects of a
/// <see cref="LimitedContent"/>. The content must open at once.</summary>
internal abstract class ResponseReader<T>
{
    /// <summary>Reads a response without limits, or one whose content is limited already.</summary>
    public ValueTask<T> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        ReadAsync(response, ResponseReader.Unlimited, cancellationToken);

    public abstract ValueTask<T> ReadAsync(
        HttpResponseMessage response, ResponseScope scope, CancellationToken cancellationToken);
}

internal static class ResponseReader
{
    private const int FirstSize = 4_096;
    private const int MaxFirstSize = 1 << 20; // A header may announce any length.

    public static ResponseScope Unlimited { get; } = new(
        Request: null, new ContentLimits(long.MaxValue, idle: null, total: null, totalName: "", TimeProvider.System));

    /// <summary>Reads the content into a pooled buffer.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<T> ReadAsync<T>(
        HttpResponseMessage response,
        ResponseScope scope,
        Func<HttpResponseMessage, ArraySegment<byte>, T> create,
        CancellationToken token)
    {
        var stream = new LimitedStream(await response.Content.ReadAsStreamAsync(token).NoContext(), scope);
        var length = response.Content.Headers.ContentLength;
        var size = Math.Min(length ?? FirstSize, MaxFirstSize);
        var buffer = ArrayPool<byte>.Shared.Rent((int)size + 1); // One more, so that the end needs no larger buffer.
        try
        {
            var count = 0;
            while (count != length // Saves the read of the end, which .NET has checked with the last byte.
                && await stream.ReadAsync(buffer.AsMemory(count), token).NoContext() is > 0 and var read)
            {
                count += read;
                if (count == buffer.Length)
                {
                    buffer = Grow(buffer);
                }
            }

            return create(response, new ArraySegment<byte>(buffer, 0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer); // Safe: no read is pending.
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(buffer.Length * 2));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
