namespace AsyncKit.Http;

/// <summary>What a download does when there is a file under its name already.</summary>
public enum ExistingFile
{
    /// <summary>It fails with an <see cref="IOException"/> that names the file, before anything is asked for.</summary>
    Fail,

    /// <summary>It puts the new file in the place of the old one, in one step and only when it is complete.</summary>
    Replace,

    /// <summary>It keeps the file and asks for nothing. What makes a program that is started again go on with the rest.</summary>
    Keep,
}
