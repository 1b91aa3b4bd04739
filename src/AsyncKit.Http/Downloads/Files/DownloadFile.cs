using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Http;

/// <summary>The part of one download on disk, held from its opening to its end: no other download has it meanwhile.</summary>
/// <remarks>
/// Invariants, at every moment, so also where the process may be killed:
/// (1) The bytes of the part are the first ones of the version in the sidecar: the part is emptied before the sidecar is
/// replaced, and the sidecar is there before the first byte is. Without a sidecar they are of no known version.
/// (2) The target is only ever a complete file: bytes are flushed to the disk before the part takes its name, in one step.
/// (3) The length of the part is the number of bytes received: they are appended in order, and nothing is allocated ahead.
/// Calls that block are made by <see cref="Offload"/>. Not thread-safe: a download makes one call at a time.
/// </remarks>
internal sealed class DownloadFile
{
    private readonly DownloadPaths _paths;
    private readonly SafeFileHandle _handle;
    private bool _isAnothers;
    private bool _isDone;

    private DownloadFile(
        DownloadPaths paths, SafeFileHandle handle, DownloadVersion? version, Func<DownloadVersion, bool> isWanted)
    {
        _paths = paths;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
        if (version is not null && Length <= version.Length)
        {
            _isAnothers = !isWanted(version); // Until it is emptied: a call like the one before may still want it.
            Version = _isAnothers ? null : version;
        }
    }

    /// <summary>How many bytes there are.</summary>
    public long Length { get; private set; }

    /// <summary>What they are of; null if the rest cannot be asked for.</summary>
    public DownloadVersion? Version { get; private set; }

    /// <summary>From where the rest may be asked for; zero for the whole.</summary>
    public long ResumeAt => Version is null ? 0 : Length;

    public SafeFileHandle Handle => _handle;

    /// <summary>Whether there is a file under that name.</summary>
    /// <returns>Its length; null without.</returns>
    /// <exception cref="IOException">It is a folder.</exception>
    public static Task<long?> ExistingAsync(DownloadPaths paths, CancellationToken token) => Offload.RunAsync(
        long? () =>
        {
            if (Directory.Exists(paths.Target))
            {
                throw new IOException("There is a folder of that name.");
            }

            var file = new FileInfo(paths.Target);
            if (!file.Exists)
            {
                return null;
            }

            if (!File.Exists(paths.Part))
            {
                File.Delete(paths.Sidecar); // Left by a process that was killed right after the file was complete.
            }

            return file.Length;
        },
        token);

    /// <summary>Opens or makes the part, and the folder.</summary>
    /// <param name="paths">Where.</param>
    /// <param name="isWanted">Whether the rest of a version is any use.</param>
    /// <param name="token">Ends the wait for a thread.</param>
    public static Task<DownloadFile> OpenAsync(
        DownloadPaths paths, Func<DownloadVersion, bool> isWanted, CancellationToken token) => Offload.RunAsync(
        () =>
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(paths.Target)!);
            var handle = File.OpenHandle(
                paths.Part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
            try
            {
                if (!File.Exists(paths.Part))
                {
                    throw new IOException("Another download of it was just ending."); // It had the file that is open now.
                }

                return new DownloadFile(paths, handle, DownloadVersion.Read(paths.Sidecar), isWanted);
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        },
        token);

    /// <summary>Begins anew with that version.</summary>
    public Task BeginAsync(DownloadVersion? version, CancellationToken token) => Offload.RunAsync(
        () =>
        {
            Empty(); // Must be before the sidecar is another.
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

    /// <summary>Writes what comes after what is there. Not to be cancelled: how much is there must stay known.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        await RandomAccess.WriteAsync(_handle, bytes, Length, CancellationToken.None).NoContext();
        Length += bytes.Length;
    }

    /// <summary>After a failure: a write may have left a part of its bytes.</summary>
    public void Recount() => Length = RandomAccess.GetLength(_handle);

    /// <summary>The bytes are known to be wrong.</summary>
    public Task DiscardAsync() => Offload.RunAsync(
        () =>
        {
            Empty();
            File.Delete(_paths.Sidecar);
        });

    /// <summary>Gives the file its name, in one step.</summary>
    public Task CompleteAsync(ExistingFile onExisting) => Offload.RunAsync(
        () =>
        {
            RandomAccess.FlushToDisk(_handle);
            if (onExisting != ExistingFile.Replace && File.Exists(_paths.Target))
            {
                throw new IOException("There is a file of that name since the download has begun.");
            }

            if (OperatingSystem.IsWindows())
            {
                _handle.Dispose(); // A file that is open has to keep its name there.
                File.Move(_paths.Part, _paths.Target, onExisting == ExistingFile.Replace);
            }
            else
            {
                // Without the permission to overwrite, a file system that has no links would be given a copy, byte by byte.
                File.Move(_paths.Part, _paths.Target, overwrite: true);
            }

            _isDone = true;
            File.Delete(_paths.Sidecar);
        });

    /// <summary>Leaves the part for a later call, if that can go on from it.</summary>
    public Task CloseAsync() => Offload.RunAsync(
        () =>
        {
            var isWorthless = !_isDone && (Length == 0 || (Version is null && !_isAnothers));
            if (isWorthless && !OperatingSystem.IsWindows())
            {
                Delete(); // Still held, so that it cannot be another's.
            }

            _handle.Dispose();
            if (isWorthless && OperatingSystem.IsWindows())
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
        _isAnothers = false;
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
            // What is left is emptied by the next download of it; what this one ended with is told.
        }
    }
}
