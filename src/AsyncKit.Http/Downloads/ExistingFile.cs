namespace AsyncKit.Http;

/// <summary>Specifies how a download handles an existing file under its name.</summary>
public enum ExistingFile
{
    /// <summary>Fails with an <see cref="IOException"/> that names the file, before the first request. This is the
    /// default.</summary>
    Fail,

    /// <summary>Replaces the file in one step, when the new one is complete.</summary>
    Replace,

    /// <summary>Keeps the file and sends no request. A program that runs again downloads only the missing files. In a
    /// download of many files, each name that is derived from a URL contains a hash of it.</summary>
    Keep,
}
