using System.Text.RegularExpressions;

namespace AsyncKit.Conventions.Tests;

/// <summary>The working copy that the tests were built in.</summary>
internal static class Repository
{
    private const string Marker = "AsyncKit.sln";

    public static string Root { get; } = FindRoot();

    /// <summary>The beginning of an address of a file in the published repository, as the readmes of the packages link to it.</summary>
    public static string Blobs { get; } =
        Regex.Match(
            File.ReadAllText(PathOf("src/Directory.Build.props")),
            "(?<=<RepositoryUrl>).*(?=</RepositoryUrl>)",
            RegexOptions.None,
            TimeSpan.FromSeconds(1)).Value + "/blob/main/";

    /// <summary>Every project of src that is a package. The analyzers are packed into another one.</summary>
    public static IReadOnlyList<Package> Packages { get; } =
    [
        .. Directory.GetFiles(PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .Where(project => !Path.GetFileName(project).StartsWith("AsyncKit.Analyzers", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(project => new Package(project)),
    ];

    public static Package Package(string name) =>
        Packages.Single(package => string.Equals(package.Name, name, StringComparison.Ordinal));

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string RelativePath(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>The files under a folder, without build output.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(PathOf(folder))
            ? Directory.GetFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
                .Where(IsSource).Order(StringComparer.Ordinal)
            : [];

    private static bool IsSource(string path) =>
        !RelativePath(path).Split('/').Any(part => part is "bin" or "obj");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, Marker)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} contains {Marker}.");
    }
}
