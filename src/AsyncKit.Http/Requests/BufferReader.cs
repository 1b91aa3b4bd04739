using System.Buffers;
using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>Reads a response into a pooled buffer, and creates the value from it.</summary>
internal abstract class BufferReader<T> : ResponseReader<T>
{
    private const int FirstSize = 4_096;
    private const int MaxFirstSize = 1 << 20; // A header may announce any length.

    /// <summary>Reads a response that arrived with its headers without an async method.</summary>
    public sealed override ValueTask<T> ReadAsync(
        HttpResponseMessage response, in ResponseScope scope, CancellationToken cancellationToken)
    {
        var opening = response.Content.ReadAsStreamAsync(cancellationToken);
        if (!opening.IsCompletedSuccessfully)
        {
            return OpenAndReadAsync(opening, response, scope, cancellationToken);
        }

        var length = BodyLength.Of(response);
        var stream = new LimitedStream(new ValueTask<Stream>(opening).Completed(), scope with { Length = length });
        var size = Math.Min(length ?? FirstSize, MaxFirstSize);
        var buffer = ArrayPool<byte>.Shared.Rent((int)size + 1); // One more, so that the end needs no larger buffer.
#pragma warning disable CA2012 // Each path consumes it once: here, or in ReadRestAsync.
        var read = stream.ReadAsync(buffer, cancellationToken);
#pragma warning restore CA2012
        if (read.IsCompletedSuccessfully)
        {
            var count = read.Completed();
            if (count == length && BodyLength.IsChecked(response))
            {
                return new(CreateAndReturn(response, buffer, count));
            }

            read = new(count);
        }

        return ReadRestAsync(response, stream, buffer, read, length, cancellationToken);
    }

    protected abstract T Create(HttpResponseMessage response, ReadOnlySpan<byte> bytes);

    private async ValueTask<T> OpenAndReadAsync(
        Task<Stream> opening, HttpResponseMessage response, ResponseScope scope, CancellationToken token)
    {
        _ = await opening.NoContext();
        return await ReadAsync(response, scope, token).NoContext(); // The content returns the same stream again.
    }

    /// <summary>Completes the first read, which may have completed already, and reads the rest.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T> ReadRestAsync(
        HttpResponseMessage response,
        LimitedStream stream,
        byte[] buffer,
        ValueTask<int> read,
        long? length,
        CancellationToken token)
    {
        var count = 0;
        try
        {
            while (await read.NoContext() is > 0 and var some)
            {
                count += some;
                if (count == length && BodyLength.IsChecked(response))
                {
                    break;
                }

                if (count == buffer.Length)
                {
                    buffer = Grow(buffer);
                }

                read = stream.ReadAsync(buffer.AsMemory(count), token);
            }
        }
        catch (Exception)
        {
            ArrayPool<byte>.Shared.Return(buffer); // Safe: no read is pending.
            throw;
        }

        return CreateAndReturn(response, buffer, count);
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(buffer.Length * 2));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private T CreateAndReturn(HttpResponseMessage response, byte[] buffer, int count)
    {
        try
        {
            return Create(response, buffer.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
