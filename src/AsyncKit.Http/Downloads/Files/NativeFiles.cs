using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Http;

/// <summary>The calls of the operating system that .NET does not offer: the identity of a file, and a new name that
/// never replaces a file.</summary>
/// <remarks>Linux and Windows report identities. Elsewhere, and where the call is missing or forbidden,
/// <see cref="TryGetStatus(string, out FileStatus)"/> returns false.</remarks>
internal static class NativeFiles
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint Basic = 0x7ff; // STATX_BASIC_STATS
    private const uint BirthTime = 0x800; // STATX_BTIME
    private const int FileExists = 17; // EEXIST on Linux, macOS and the BSDs.
    private const uint ReadAttributes = 0x80; // FILE_READ_ATTRIBUTES
    private const uint ShareAll = 7;
    private const uint OpenExisting = 3;
    private const uint OpenLinkItself = 0x0220_0000; // FILE_FLAG_OPEN_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS

    private static bool _isUnsupported;

    private static bool CanStat => OperatingSystem.IsLinux() && !_isUnsupported;

    /// <returns>False if the caller must use .NET instead, or the file does not exist.</returns>
    public static bool TryGetStatus(string path, out FileStatus status)
    {
        if (OperatingSystem.IsWindows())
        {
            using var handle = CreateFileW(path, ReadAttributes, ShareAll, 0, OpenExisting, OpenLinkItself, 0);
            return TryGetStatus(handle, out status);
        }

        StatXBuffer found = default;
        try
        {
            return Convert(CanStat && StatX(CurrentFolder, path, NoFollow, Basic | BirthTime, out found) == 0, found, out status);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return GiveUp(out status);
        }
    }

    /// <inheritdoc cref="TryGetStatus(string, out FileStatus)"/>
    public static bool TryGetStatus(SafeFileHandle handle, out FileStatus status)
    {
        if (!OperatingSystem.IsWindows())
        {
            StatXBuffer found = default;
            try
            {
                return Convert(CanStat && StatX(handle, "", EmptyPath, Basic | BirthTime, out found) == 0, found, out status);
            }
            catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
            {
                return GiveUp(out status);
            }
        }

        if (handle.IsInvalid || !GetFileInformationByHandle(handle, out var information))
        {
            status = default;
            return false;
        }

        const FileAttributes Reparse = FileAttributes.ReparsePoint;
        var attributes = (FileAttributes)information.Attributes;
        status = new FileStatus(
            attributes.HasFlag(Reparse) ? FileKind.Link
                : attributes.HasFlag(FileAttributes.Directory) ? FileKind.Folder
                : attributes.HasFlag(FileAttributes.Device) ? FileKind.Other : FileKind.Regular,
            information.Volume,
            ((ulong)information.IndexHigh << 32) | information.IndexLow,
            information.Created,
            information.Links);
        return true;
    }

    /// <summary>Gives the file a second name, in one step, unless a file with this name exists.</summary>
    /// <returns>Null if the file system supports no second names; false if a file with this name exists.</returns>
    public static bool? TryLink(string path, string newPath)
    {
        try
        {
            return Link(path, newPath) == 0 ? true
                : Marshal.GetLastPInvokeError() == FileExists ? false
                : null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    private static bool Convert(bool isFound, in StatXBuffer found, out FileStatus status)
    {
        status = !isFound
            ? default
            : new FileStatus(
                (found.Mode & 0xf000) switch
                {
                    0x8000 => FileKind.Regular,
                    0x4000 => FileKind.Folder,
                    0xa000 => FileKind.Link,
                    _ => FileKind.Other,
                },
                ((ulong)found.DeviceMajor << 32) | found.DeviceMinor,
                found.Number,
                (found.Mask & BirthTime) == 0 ? 0 : (found.BirthSeconds * 1_000_000_000) + found.BirthNanoseconds,
                found.Links);
        return isFound;
    }

    private static bool GiveUp(out FileStatus status)
    {
        _isUnsupported = true;
        status = default;
        return false;
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int StatX(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, out StatXBuffer buffer);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int StatX(
        SafeFileHandle file, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, out StatXBuffer buffer);

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path, [MarshalAs(UnmanagedType.LPUTF8Str)] string newPath);

    [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    private static extern SafeFileHandle CreateFileW(
        string path, uint access, uint share, nint security, uint mode, uint flags, nint template);

    [DllImport("kernel32", ExactSpelling = true, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandle(SafeFileHandle file, out HandleInformation information);

    /// <summary>The struct statx of Linux, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatXBuffer
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(16)] public uint Links;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Number;
        [FieldOffset(80)] public long BirthSeconds;
        [FieldOffset(88)] public uint BirthNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    /// <summary>BY_HANDLE_FILE_INFORMATION of Windows.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct HandleInformation
    {
        public uint Attributes;
        public long Created;
        public long Accessed;
        public long Written;
        public uint Volume;
        public uint SizeHigh;
        public uint SizeLow;
        public uint Links;
        public uint IndexHigh;
        public uint IndexLow;
    }
}
