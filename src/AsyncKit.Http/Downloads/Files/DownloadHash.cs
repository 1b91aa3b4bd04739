using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Http;

/// <summary>Computes the SHA-256 of an open file.</summary>
internal static class DownloadHash
{
    private const int BlockSize = 128 * 1024;

    /// <returns>The hash in hexadecimal digits.</returns>
    public static Task<string> OfAsync(SafeFileHandle file, CancellationToken cancellationToken) => Offload.RunAsync(
        token =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
            try
            {
                long position = 0;
                while (RandomAccess.Read(file, buffer, position) is > 0 and var count)
                {
                    token.ThrowIfCancellationRequested();
                    hash.AppendData(buffer, 0, count);
                    position += count;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            return Convert.ToHexString(hash.GetHashAndReset());
        },
        cancellationToken);
}
