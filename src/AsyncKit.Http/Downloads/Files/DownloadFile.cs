using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Http;

/// <summary>The files of one download: the partial file, its sidecar and the target.</summary>
/// <remarks>
/// Invariants, even if the process is killed at any point:
/// (1) The partial file contains the first bytes of the version in the sidecar, and of no other one.
/// (2) The target is always a complete file. The bytes are flushed to disk before the partial file is renamed in one
/// step.
/// (3) The length of the partial file is the number of bytes received. They are appended in order, without
/// preallocation.
/// (4) Only files that this or an earlier download created are written, renamed or deleted. See
/// <see cref="DownloadSidecar"/> and <see cref="DownloadPart"/> for the proof.
/// <para>
/// Blocking calls run on <see cref="Offload"/>. Not thread-safe: a download makes one call at a time.
/// </para>
/// </remarks>
internal sealed class DownloadFile
{
    private readonly DownloadPaths _paths;
    private readonly DownloadSidecar _sidecar;
    private DownloadPart? _part;
    private bool _isOther; // The partial file stays for an earlier call until a response replaces it.
    private bool _isCompleted;

    private DownloadFile(DownloadPaths paths, DownloadSidecar sidecar)
    {
        (_paths, _sidecar) = (paths, sidecar);
    }

    /// <summary>The number of bytes in the partial file.</summary>
    public long Length { get; private set; }

    /// <summary>The version of the bytes; null if the download cannot resume.</summary>
    public DownloadVersion? Version { get; private set; }

    /// <summary>The position from which the download can resume; zero for the whole file.</summary>
    public long ResumeAt => Version is null ? 0 : Length;

    /// <exception cref="InvalidOperationException">No response arrived yet.</exception>
    public SafeFileHandle Handle => (_part ?? throw new InvalidOperationException("The partial file is not open.")).Handle;

    /// <summary>Looks for an existing file under the name.</summary>
    /// <param name="paths">The paths of the download.</param>
    /// <param name="isKept">Whether the file may be the target of a link.</param>
    /// <param name="deletesLeftovers">Whether to delete the files that a killed process left after it completed the
    /// file. Must be false while this download has its own files.</param>
    /// <param name="token">Cancels the wait for a thread.</param>
    /// <returns>The length of the file; null if it does not exist.</returns>
    /// <exception cref="IOException">The path is not a file.</exception>
    public static Task<long?> ExistingAsync(
        DownloadPaths paths, bool isKept, bool deletesLeftovers, CancellationToken token) => Offload.RunAsync(
        long? () =>
        {
            if (FileStatus.OfPath(paths.Target) is not { } status)
            {
                return null;
            }

            if (status.Kind == FileKind.Folder || Directory.Exists(paths.Target))
            {
                throw new IOException("The path must name a file; it is a folder.");
            }

            var path = status.Kind == FileKind.Link && isKept
                ? File.ResolveLinkTarget(paths.Target, returnFinalTarget: true)!.FullName
                : paths.Target;
            if (FileStatus.OfPath(path) is not { } file || file.Kind == FileKind.Other)
            {
                throw new IOException("The path must name a file; it is a device, a pipe or a link that leads nowhere.");
            }

            if (deletesLeftovers)
            {
                DeleteLeftovers(paths, status);
            }

            return file.Kind == FileKind.Regular ? new FileInfo(path).Length : 0;
        },
        token);

    /// <summary>Opens or creates the sidecar, opens the partial file if it exists, and creates the folder.</summary>
    /// <param name="paths">The paths of the download.</param>
    /// <param name="isUsable">A predicate that decides whether the download can use the rest of a version.</param>
    /// <param name="token">Cancels the wait for a thread.</param>
    public static Task<DownloadFile> OpenAsync(
        DownloadPaths paths, Func<DownloadSource, DownloadVersion, bool> isUsable, CancellationToken token) => Offload.RunAsync(
        () =>
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(paths.Target)!);
            var file = new DownloadFile(paths, DownloadSidecar.Open(paths));
            try
            {
                file.OpenPart(isUsable);
                return file;
            }
            catch
            {
                file.Close();
                throw;
            }
        },
        token);

    /// <summary>Replaces the partial file by an empty one, and sets the version of the bytes to come.</summary>
    public Task RestartAsync(DownloadSource source, DownloadVersion? version, CancellationToken token) => Offload.RunAsync(
        () =>
        {
            CheckOwner();
            if (_part is not null)
            {
                DeletePart();
                _sidecar.Reset(); // Must be before the file is created, which would otherwise be found by no later call.
            }

            var record = _sidecar.Record!;
            _part = DownloadPart.Create(_paths.Part(record.Token));
            _sidecar.Write(record with { Source = source, Version = version, Part = _part.Id });
            Version = version;
        },
        token);

    /// <summary>Appends bytes. It cannot be cancelled, because the length must stay known.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (!_part!.IsNamed)
        {
            throw DownloadSidecar.TakenOver(); // The file may have its final name, and belong to the user.
        }

        if (RandomAccess.GetLength(Handle) < Length)
        {
            throw new IOException("Another program shortened the partial file."); // The next attempt continues from its end.
        }

        await RandomAccess.WriteAsync(Handle, bytes, Length, CancellationToken.None).NoContext();
        Length += bytes.Length;
    }

    /// <summary>Reads the length from the file, since a failed write may have written some of its bytes.</summary>
    public void RefreshLength() => Length = _part is null ? 0 : RandomAccess.GetLength(_part.Handle);

    /// <summary>Deletes the bytes, which are known to be wrong.</summary>
    public Task DiscardAsync() => Offload.RunAsync(
        () =>
        {
            DeletePart();
            _sidecar.Reset();
        });

    /// <summary>Renames the partial file to its target, in one step.</summary>
    public Task CompleteAsync(ExistingFile onExisting) => Offload.RunAsync(
        () =>
        {
            CheckOwner();
            var length = RandomAccess.GetLength(Handle);
            if (length != Length)
            {
                throw new InvalidDataException($"The partial file has {length} bytes; {Length} were received.");
            }

            RandomAccess.FlushToDisk(Handle);
            _part!.MoveTo(_paths.Target, isReplacing: onExisting == ExistingFile.Replace);
            _isCompleted = true;
        });

    /// <summary>Closes the files. Deletes them unless a later call can resume from them.</summary>
    public Task CloseAsync() => Offload.RunAsync(Close);

    private void OpenPart(Func<DownloadSource, DownloadVersion, bool> isUsable)
    {
        if (_sidecar.Record is not { } record)
        {
            _sidecar.Reset();
            return;
        }

        _sidecar.Claim();
        _part = DownloadPart.TryOpen(_paths.Part(record.Token), record.Part);
        RefreshLength();
        if (record is { Source: { } source, Version: { } version } && _part is not null && Length > 0 && Length <= version.Length)
        {
            _isOther = !isUsable(source, version);
            Version = _isOther ? null : version;
        }
        else
        {
            DeletePart(); // No call can resume from it.
            _sidecar.Reset();
        }
    }

    private void Close()
    {
        try
        {
            if (!_isCompleted && _part is not null)
            {
                // Without the sidecar, no later call finds the partial file, and no other download opened it.
                if (_sidecar.IsNamed)
                {
                    if (Length > 0 && (Version is not null || _isOther))
                    {
                        return; // A later call can resume.
                    }

                    if (!_sidecar.IsOwned())
                    {
                        return; // The owner may have opened the same partial file.
                    }
                }

                DeletePart();
            }

            _sidecar.Delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next download deletes the files. This one reports its own outcome.
        }
        finally
        {
            _part?.Handle.Dispose();
            _sidecar.Close();
        }
    }

    private void CheckOwner()
    {
        if (!_sidecar.IsOwned())
        {
            throw DownloadSidecar.TakenOver();
        }
    }

    private void DeletePart()
    {
        var part = _part;
        _part = null;
        Length = 0;
        Version = null;
        _isOther = false;
        part?.Delete();
    }

    private static void DeleteLeftovers(DownloadPaths paths, FileStatus target)
    {
        DownloadSidecar? sidecar = null;
        try
        {
            sidecar = DownloadSidecar.OpenExisting(paths);
            if (sidecar is null)
            {
                return;
            }

            var part = sidecar.Record is { } record ? paths.Part(record.Token) : null;
            if (part is not null && FileStatus.OfPath(part) is { } status)
            {
                if (status.Id is null || !status.Id.Equals(sidecar.Record!.Part, StringComparison.Ordinal) || !status.IsSameFile(target))
                {
                    return; // A later call can resume from it.
                }

                File.Delete(part); // The second name of the complete file.
            }

            sidecar.Claim();
            sidecar.Delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another download is active, or deletes the same files.
        }
        finally
        {
            sidecar?.Close();
        }
    }
}
