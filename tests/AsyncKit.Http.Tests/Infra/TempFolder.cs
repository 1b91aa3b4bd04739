namespace AsyncKit.Http.Tests;

/// <summary>A temporary folder of a test. Dispose deletes it.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("asynckit-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The names of the files, sorted. The name of a partial file ends in ".part" instead of its random part.</summary>
    public string[] Names =>
        [.. Directory.EnumerateFiles(Path).Select(NameOf).Order(StringComparer.Ordinal)];

    /// <summary>Returns the path of the only partial file of a target.</summary>
    public string PartOf(string name) => PartOf(Path, name)!;

    /// <summary>Returns the path of the only partial file of a target; null if it does not exist.</summary>
    public static string? PartOf(string folder, string name) =>
        Directory.GetFiles(folder, name + ".????????????????.asynckit").SingleOrDefault();

    public string SidecarOf(string name) => this[name + ".asynckit.json"];

    /// <summary>Writes a sidecar as a download does that was killed.</summary>
    public void WriteSidecar(string name, DownloadRecord record)
    {
        var path = SidecarOf(name);
        File.WriteAllBytes(path, []);
        File.WriteAllBytes(path, record.ToBytes(0, FileStatus.OfPath(path)!.Value.Id));
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static string NameOf(string file)
    {
        var name = System.IO.Path.GetFileName(file);
        return name.EndsWith(".asynckit", StringComparison.Ordinal) ? name[..^26] + ".part" : name;
    }
}
