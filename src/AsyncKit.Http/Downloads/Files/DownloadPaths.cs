namespace AsyncKit.Http;

/// <summary>The paths of the files that exist next to a target during its download.</summary>
internal readonly record struct DownloadPaths(string Target)
{
    private const string PartSuffix = ".part";
    private const string SidecarSuffix = ".part.json";
    private const string DraftSuffix = ".part.json.new";

    /// <summary>The partial file, with the bytes received.</summary>
    public string Part => Target + PartSuffix;

    /// <summary>The version of the bytes in the partial file.</summary>
    public string Sidecar => Target + SidecarSuffix;

    /// <summary>The sidecar before it is renamed.</summary>
    public string Draft => Target + DraftSuffix;

    /// <summary>Returns true if a target with this name could be mistaken for one of these files.</summary>
    public static bool IsReserved(string name) =>
        name.EndsWith(PartSuffix, StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(SidecarSuffix, StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(DraftSuffix, StringComparison.OrdinalIgnoreCase);
}
