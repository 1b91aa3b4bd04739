using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Http;

/// <summary>An open partial file.</summary>
/// <remarks>
/// Invariants:
/// (1) The download, or an earlier one, created the file, under a random name: the sidecar has its identity.
/// (2) The file only ever has the first bytes of one version, each at its position. A download that restarts creates
/// another file. So two downloads that resume the same file write the same bytes, even where file locks have no effect.
/// </remarks>
internal sealed class DownloadPart
{
    private readonly string _path;

    private DownloadPart(string path, SafeFileHandle handle)
    {
        (_path, Handle) = (path, handle);
    }

    public SafeFileHandle Handle { get; }

    /// <summary>The identity of the file; null if the platform reports none.</summary>
    public string? Id => FileStatus.Of(Handle).Id;

    /// <summary>True while the file has its name. Another download may delete or rename the file where file locks have no
    /// effect.</summary>
    public bool IsNamed => FileStatus.IsNameOf(_path, Handle);

    public static DownloadPart Create(string path) => new(path, Open(path, FileMode.CreateNew));

    /// <summary>Opens the file that a sidecar describes.</summary>
    /// <returns>Null if the file is missing, or is not provably the one of the sidecar.</returns>
    public static DownloadPart? TryOpen(string path, string? id)
    {
        if (FileStatus.OfPath(path) is not { Kind: FileKind.Regular } status
            || (status.Id is not null && id is not null && !status.Id.Equals(id, StringComparison.Ordinal)))
        {
            return null;
        }

        SafeFileHandle handle;
        try
        {
            handle = Open(path, FileMode.Open);
        }
        catch (Exception exception) when (exception is FileNotFoundException or UnauthorizedAccessException)
        {
            return null;
        }

        // Without an identity in the sidecar, the process was killed before the first byte.
        var isOwn = FileStatus.IsNameOf(path, handle)
            && (status.Id is null || id is not null || (status.Links == 1 && RandomAccess.GetLength(handle) == 0));
        if (!isOwn)
        {
            handle.Dispose();
            return null;
        }

        var part = new DownloadPart(path, handle);
        if (FileStatus.Of(handle).Links == 1)
        {
            return part;
        }

        part.Delete(); // A process was killed after it gave the file its final name, which stays.
        return null;
    }

    /// <summary>Gives the file its final name, in one step.</summary>
    /// <exception cref="IOException">Another file has the name and must stay, or the open file lost its own.</exception>
    public void MoveTo(string target, bool isReplacing)
    {
        if (!IsNamed)
        {
            throw DownloadSidecar.TakenOver();
        }

        if (OperatingSystem.IsWindows())
        {
            Handle.Dispose(); // Windows does not rename an open file, so the name was correct until here.
            File.Move(_path, target, isReplacing);
            return;
        }

        var isLinked = isReplacing ? null : NativeFiles.TryLink(_path, target);
        if (isLinked == false || (!isReplacing && isLinked is null && FileStatus.OfPath(target) is not null))
        {
            throw new IOException("The file was created during the download.");
        }

        if (isLinked == true)
        {
            File.Delete(_path);
        }
        else
        {
            File.Move(_path, target, overwrite: true); // .NET would copy the bytes with overwrite: false.
        }

        if (!FileStatus.IsNameOf(target, Handle))
        {
            throw new IOException("Another file got the name at the same time.");
        }
    }

    /// <summary>Deletes the file, unless the name belongs to another file now.</summary>
    public void Delete()
    {
        if (OperatingSystem.IsWindows())
        {
            Handle.Dispose(); // Windows does not delete an open file.
            File.Delete(_path);
            return;
        }

        if (IsNamed)
        {
            File.Delete(_path); // Must be before the handle closes: another download may open it then.
        }

        Handle.Dispose();
    }

    private static SafeFileHandle Open(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
}
