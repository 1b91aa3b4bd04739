namespace AsyncKit.Http;

/// <summary>The types of files that a download distinguishes.</summary>
internal enum FileKind
{
    Regular,
    Folder,
    Link,

    /// <summary>A pipe, a socket or a device. Reading one may never return, or have an effect.</summary>
    Other,
}
