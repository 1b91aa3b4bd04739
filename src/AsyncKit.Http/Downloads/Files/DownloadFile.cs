using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Http;

/// <summary>The partial file of one download. It is open exclusively until the download completes.</summary>
/// <remarks>
/// Invariants, even if the process is killed at any point:
/// (1) The partial file contains the first bytes of the version in the sidecar. It is emptied before the sidecar is
/// replaced, and the sidecar exists before the first byte. Without a sidecar, the version of the bytes is unknown.
/// (2) The target is always a complete file. The bytes are flushed to disk before the partial file is renamed in one
/// step.
/// (3) The length of the partial file is the number of bytes received. They are appended in order, without
/// preallocation.
/// <para>
/// Blocking calls run on <see cref="Offload"/>. Not thread-safe: a download makes one call at a time.
/// </para>
/// </remarks>
internal sealed class DownloadFile
{
    private readonly DownloadPaths _paths;
    private readonly SafeFileHandle _handle;
    private bool _hasOtherVersion;
    private bool _isCompleted;

    private DownloadFile(
        DownloadPaths paths, SafeFileHandle handle, DownloadVersion? version, Func<DownloadVersion, bool> isUsable)
    {
        _paths = paths;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
        if (version is not null && Length <= version.Length)
        {
            _hasOtherVersion = !isUsable(version); // Until the file is emptied: a repeated earlier call may resume it.
            Version = _hasOtherVersion ? null : version;
        }
    }

    /// <summary>The number of bytes in the partial file.</summary>
    public long Length { get; private set; }

    /// <summary>The version of the bytes; null if the download cannot resume.</summary>
    public DownloadVersion? Version { get; private set; }

    /// <summary>The position from which the download can resume; zero for the whole file.</summary>
    public long ResumeAt => Version is null ? 0 : Length;

    public SafeFileHandle Handle => _handle;

    /// <summary>Looks for an existing file under the name.</summary>
    /// <returns>The length of the file; null if it does not exist.</returns>
    /// <exception cref="IOException">The path is a folder.</exception>
    public static Task<long?> ExistingAsync(DownloadPaths paths, CancellationToken token) => Offload.RunAsync(
        long? () =>
        {
            if (Directory.Exists(paths.Target))
            {
                throw new IOException("The path must name a file; it is a folder.");
            }

            var file = new FileInfo(paths.Target);
            if (!file.Exists)
            {
                return null;
            }

            if (!File.Exists(paths.Part))
            {
                File.Delete(paths.Sidecar); // A process killed right after it renamed the file leaves it.
            }

            return file.Length;
        },
        token);

    /// <summary>Opens or creates the partial file, and creates the folder.</summary>
    /// <param name="paths">The paths of the download.</param>
    /// <param name="isUsable">A predicate that decides whether the download can use the rest of a version.</param>
    /// <param name="token">Cancels the wait for a thread.</param>
    public static Task<DownloadFile> OpenAsync(
        DownloadPaths paths, Func<DownloadVersion, bool> isUsable, CancellationToken token) => Offload.RunAsync(
        () =>
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(paths.Target)!);
            var handle = File.OpenHandle(
                paths.Part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
            try
            {
                if (!File.Exists(paths.Part))
                {
                    // The open file is the one that the other download just renamed or deleted.
                    throw new IOException("Another download of the same file was about to complete; try again.");
                }

                return new DownloadFile(paths, handle, DownloadVersion.Read(paths.Sidecar), isUsable);
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        },
        token);

    /// <summary>Empties the partial file and sets the version of the bytes to come.</summary>
    public Task RestartAsync(DownloadVersion? version, CancellationToken token) => Offload.RunAsync(
        () =>
        {
            Empty(); // Must be first: invariant (1).
            if (version is null)
            {
                File.Delete(_paths.Sidecar);
            }
            else
            {
                version.Write(_paths);
                Version = version;
            }
        },
        token);

    /// <summary>Appends bytes. It cannot be cancelled, because the length must stay known.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        await RandomAccess.WriteAsync(_handle, bytes, Length, CancellationToken.None).NoContext();
        Length += bytes.Length;
    }

    /// <summary>Reads the length from the file, since a failed write may have written some of its bytes.</summary>
    public void RefreshLength() => Length = RandomAccess.GetLength(_handle);

    /// <summary>Deletes the bytes, which are known to be wrong.</summary>
    public Task DiscardAsync() => Offload.RunAsync(
        () =>
        {
            Empty();
            File.Delete(_paths.Sidecar);
        });

    /// <summary>Renames the partial file to its target, in one step.</summary>
    public Task CompleteAsync(ExistingFile onExisting) => Offload.RunAsync(
        () =>
        {
            RandomAccess.FlushToDisk(_handle);
            if (onExisting != ExistingFile.Replace && File.Exists(_paths.Target))
            {
                throw new IOException("The file was created during the download.");
            }

            if (OperatingSystem.IsWindows())
            {
                _handle.Dispose(); // Windows does not rename an open file.
                File.Move(_paths.Part, _paths.Target, onExisting == ExistingFile.Replace);
            }
            else
            {
                // With overwrite: false, .NET copies the bytes on a file system without hard links.
                File.Move(_paths.Part, _paths.Target, overwrite: true);
            }

            _isCompleted = true;
            File.Delete(_paths.Sidecar);
        });

    /// <summary>Closes the partial file. Deletes it unless a later call can resume from it.</summary>
    public Task CloseAsync() => Offload.RunAsync(
        () =>
        {
            var isUseless = !_isCompleted && (Length == 0 || (Version is null && !_hasOtherVersion));
            if (isUseless && !OperatingSystem.IsWindows())
            {
                Delete(); // Must be before the handle closes: another download may open it then.
            }

            _handle.Dispose();
            if (isUseless && OperatingSystem.IsWindows())
            {
                Delete();
            }
        });

    private void Empty()
    {
        if (Length > 0)
        {
            RandomAccess.SetLength(_handle, 0);
        }

        Length = 0;
        Version = null;
        _hasOtherVersion = false;
    }

    private void Delete()
    {
        try
        {
            File.Delete(_paths.Sidecar);
            File.Delete(_paths.Part);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next download empties the file. This one reports its own outcome.
        }
    }
}
