namespace AsyncKit.Http;

/// <summary>What stands beside a target while it is downloaded.</summary>
internal readonly record struct DownloadPaths(string Target)
{
    private const string PartSuffix = ".part";
    private const string SidecarSuffix = ".part.json";
    private const string DraftSuffix = ".part.json.new";

    /// <summary>The bytes.</summary>
    public string Part => Target + PartSuffix;

    /// <summary>What they are of.</summary>
    public string Sidecar => Target + SidecarSuffix;

    /// <summary>The sidecar before it has its name.</summary>
    public string Draft => Target + DraftSuffix;

    /// <summary>Whether a target of that name could be mistaken for what stands beside another.</summary>
    public static bool IsOfPart(string name) =>
        name.EndsWith(PartSuffix, StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(SidecarSuffix, StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(DraftSuffix, StringComparison.OrdinalIgnoreCase);
}
