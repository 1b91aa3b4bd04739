using System.Buffers;
using System.Security.Cryptography;

namespace AsyncKit.Http;

/// <summary>The SHA-256 of what is in the part, as far as it has got.</summary>
internal sealed class DownloadHash : IDisposable
{
    private const int BlockSize = 128 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _count;

    public void Dispose() => _hash.Dispose();

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _count += bytes.Length;
    }

    /// <summary>Makes it the hash of what the file has, which is read again unless it is known.</summary>
    public Task CatchUpAsync(DownloadFile file, CancellationToken cancellationToken)
    {
        if (_count == file.Length)
        {
            return Task.CompletedTask;
        }

        return Offload.RunAsync(
            token =>
            {
                Reset();
                var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
                try
                {
                    while (_count < file.Length && RandomAccess.Read(file.Handle, buffer, _count) is > 0 and var read)
                    {
                        token.ThrowIfCancellationRequested();
                        Append(buffer.AsSpan(0, read));
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            },
            cancellationToken);
    }

    /// <summary>Of nothing yet.</summary>
    public void Reset()
    {
        _ = _hash.TryGetHashAndReset(stackalloc byte[SHA256.HashSizeInBytes], out _);
        _count = 0;
    }

    /// <summary>In hexadecimal digits; it can go on.</summary>
    public string Current() => Convert.ToHexString(_hash.GetCurrentHash());
}
