using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Http;

/// <summary>The type and the identity of a file: of a link itself, not of its target.</summary>
/// <param name="Kind">The type.</param>
/// <param name="Device">The file system.</param>
/// <param name="Number">The number of the file in its file system; zero if the platform does not report it.</param>
/// <param name="Birth">The time at which the file was created; zero if unknown. Numbers are reused, even
/// at once.</param>
/// <param name="Links">The number of names of the file.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FileStatus(FileKind Kind, ulong Device, ulong Number, long Birth, uint Links)
{
    /// <summary>The identity in a form that a later process can compare; null if the platform reports none. It omits
    /// the device, whose number may change when the file system is mounted again.</summary>
    public string? Id => Number == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{Number:x}-{Birth:x}");

    /// <returns>Null if no file has this name.</returns>
    public static FileStatus? OfPath(string path) =>
        NativeFiles.TryGetStatus(path, out var status) ? status : FromAttributes(path);

    public static FileStatus Of(SafeFileHandle handle) =>
        NativeFiles.TryGetStatus(handle, out var status) ? status : new(FileKind.Regular, 0, 0, 0, 1);

    /// <summary>Returns true if the name still belongs to the open file. Without numbers, only a link and another type
    /// are detected.</summary>
    public static bool IsNameOf(string path, SafeFileHandle handle) =>
        OfPath(path) is { Kind: FileKind.Regular } named && named.IsSameFile(Of(handle));

    public bool IsSameFile(FileStatus other) =>
        Number == 0 || other.Number == 0
        || (Number == other.Number && Device == other.Device && Birth == other.Birth);

    private static FileStatus? FromAttributes(string path)
    {
        try
        {
            var attributes = File.GetAttributes(path);
            var kind = new FileInfo(path).LinkTarget is not null ? FileKind.Link
                : attributes.HasFlag(FileAttributes.Directory) ? FileKind.Folder
                : attributes.HasFlag(FileAttributes.Device) ? FileKind.Other
                : FileKind.Regular;
            return new(kind, 0, 0, 0, 1);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
