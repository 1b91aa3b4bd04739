using System.Buffers;
using System.Security.Cryptography;

namespace AsyncKit.Http;

/// <summary>The running SHA-256 of the bytes in the partial file.</summary>
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

    /// <summary>Updates the hash to cover the whole file. Reads the file unless the hash already covers it.</summary>
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

    /// <summary>Restarts the hash, with no bytes.</summary>
    public void Reset()
    {
        _ = _hash.TryGetHashAndReset(stackalloc byte[SHA256.HashSizeInBytes], out _);
        _count = 0;
    }

    /// <summary>Returns the hash so far in hexadecimal digits. More bytes may follow.</summary>
    public string Current() => Convert.ToHexString(_hash.GetCurrentHash());
}
