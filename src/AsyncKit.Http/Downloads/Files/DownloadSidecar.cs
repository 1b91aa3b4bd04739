using System.Security.Cryptography;

namespace AsyncKit.Http;

/// <summary>The description of the partial file of a target, and the lock on both. It is open exclusively while a download
/// works on the target.</summary>
/// <remarks>
/// Invariants:
/// (1) A sidecar exists before its partial file, and names it. So a later download finds all files that a killed process
/// leaves.
/// (2) It is never opened through a link, and it contains its own identity. Another file under its name, even a copy of a
/// sidecar, is never changed: the sidecar takes the next name.
/// (3) Where file locks have no effect, the download that opened it last is its owner. Earlier ones fail at their next
/// write.
/// </remarks>
internal sealed class DownloadSidecar
{
    private const int MaxSlots = 4;
    private const int MaxTries = 10;
    private const int SharingViolation = unchecked((int)0x80070020);
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _file;
    private readonly string _path;
    private readonly string _owner = NewToken();
    private int _length;

    private DownloadSidecar(string path, FileStream file, DownloadRecord? record, int length)
    {
        (_path, _file, Record, _length) = (path, file, record, length);
    }

    /// <summary>The content; null if the file is new or does not name a partial file.</summary>
    public DownloadRecord? Record { get; private set; }

    /// <summary>True while the file has its name. Another program may delete or replace it.</summary>
    public bool IsNamed => FileStatus.IsNameOf(_path, _file.SafeFileHandle);

    public static IOException TakenOver() =>
        new("Another download of the same file took over its partial file.", SharingViolation);

    public static string NewToken() => RandomNumberGenerator.GetHexString(DownloadPaths.TokenDigits, lowercase: true);

    /// <summary>Opens the sidecar of a target, or creates it.</summary>
    /// <exception cref="IOException">Another download has it open, or other files have all of its names.</exception>
    public static DownloadSidecar Open(DownloadPaths paths)
    {
        for (var slot = 1; slot <= MaxSlots; slot++)
        {
            if (TryOpen(paths.Sidecar(slot), mayCreate: true, out _) is { } sidecar)
            {
                return sidecar;
            }
        }

        throw new IOException(
            $"The names of the download's own files are taken, as {paths.Sidecar(MaxSlots)}; rename or delete these files.",
            SharingViolation);
    }

    /// <summary>Opens the sidecar of a target if it exists.</summary>
    public static DownloadSidecar? OpenExisting(DownloadPaths paths)
    {
        for (var slot = 1; slot <= MaxSlots; slot++)
        {
            if (TryOpen(paths.Sidecar(slot), mayCreate: false, out var isMissing) is { } sidecar)
            {
                return sidecar;
            }

            if (isMissing)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>Replaces the content in one write. It is not flushed to disk: a power loss may leave the old
    /// content, or zeros.</summary>
    /// <exception cref="IOException">Another download owns the sidecar now.</exception>
    public void Write(DownloadRecord record)
    {
        if (Record is not null && !IsOwned())
        {
            throw TakenOver();
        }

        var content = (record with { Owner = _owner }).ToBytes(_length, FileStatus.Of(_file.SafeFileHandle).Id);
        RandomAccess.Write(_file.SafeFileHandle, content, 0);
        _length = content.Length;
        Record = record with { Owner = _owner };
    }

    /// <summary>Sets a new name for a partial file that does not exist yet.</summary>
    public void Reset() => Write(new DownloadRecord(_owner, NewToken()));

    /// <summary>Makes this download the owner. The description stays.</summary>
    public void Claim()
    {
        var record = Record ?? new DownloadRecord(_owner, NewToken());
        Record = null; // The earlier owner closed it, or loses it now.
        Write(record);
    }

    /// <summary>Returns true unless another download opened the sidecar later, which requires that file locks have no
    /// effect.</summary>
    public bool IsOwned() =>
        IsNamed && string.Equals(Read(_file)?.Owner, _owner, StringComparison.Ordinal);

    public void Close() => _file.Dispose();

    /// <summary>Closes the file and deletes it, unless another download owns it. Without a record, no download owns it:
    /// the disk was full.</summary>
    public void Delete()
    {
        var isUnused = Record is null && IsNamed && Read(_file) is null;
        if (!isUnused && !IsOwned())
        {
            Close();
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Close(); // Windows does not delete an open file.
            File.Delete(_path);
        }
        else
        {
            File.Delete(_path); // Must be first: another download may open the file as soon as it is closed.
            Close();
        }
    }

    /// <returns>Null if a file that is not a sidecar has the name, or none.</returns>
    private static DownloadSidecar? TryOpen(string path, bool mayCreate, out bool isMissing)
    {
        for (var attempt = 0; attempt < MaxTries; attempt++)
        {
            var status = FileStatus.OfPath(path);
            isMissing = status is null;
            if ((isMissing && !mayCreate) || status is { Kind: not FileKind.Regular } or { Links: not 1 })
            {
                return null;
            }

            FileStream file;
            try
            {
                file = OpenFile(path, isMissing ? FileMode.CreateNew : FileMode.Open);
            }
            catch (UnauthorizedAccessException) when (!isMissing)
            {
                return null; // The file of another user.
            }
            catch (FileNotFoundException)
            {
                continue; // Deleted in between.
            }
            catch (IOException) when (isMissing && FileStatus.OfPath(path) is not null)
            {
                continue; // Created in between.
            }

            try
            {
                if (isMissing)
                {
                    return new DownloadSidecar(path, file, record: null, 0);
                }

                if (FileStatus.IsNameOf(path, file.SafeFileHandle)) // Otherwise it was deleted or replaced in between.
                {
                    var sidecar = IsOwn(file) ? new DownloadSidecar(path, file, Read(file), (int)file.Length) : null;
                    if (sidecar is null)
                    {
                        file.Dispose();
                    }

                    return sidecar;
                }
            }
            catch
            {
                file.Dispose();
                throw;
            }

            file.Dispose();
        }

        throw new IOException("Another download of the same file was about to complete; try again.", SharingViolation);
    }

    /// <summary>Opens for writing also to read: this does not wait for the writer of a pipe.</summary>
    private static FileStream OpenFile(string path, FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }

    /// <summary>A process may be killed between the creation and the first write. The file is then empty, and only its
    /// owner can read it.</summary>
    private static bool IsOwn(FileStream file)
    {
        var content = Content(file);
        return content is not null
            && DownloadRecord.IsOwn(content, FileStatus.Of(file.SafeFileHandle).Id)
            && (content.AsSpan().ContainsAnyExcept((byte)0)
                || OperatingSystem.IsWindows()
                || File.GetUnixFileMode(file.SafeFileHandle) == OwnerOnly);
    }

    private static DownloadRecord? Read(FileStream file) =>
        Content(file) is { } content ? DownloadRecord.Parse(content) : null;

    private static byte[]? Content(FileStream file)
    {
        var length = RandomAccess.GetLength(file.SafeFileHandle);
        if (length > DownloadRecord.MaxBytes)
        {
            return null;
        }

        var content = new byte[length];
        var count = RandomAccess.Read(file.SafeFileHandle, content, 0);
        return count == length ? content : content[..count];
    }
}
