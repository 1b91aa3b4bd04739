using System.Reflection;
using System.Xml.Linq;

namespace AsyncKit.Conventions.Tests;

/// <summary>A project under src and its build output, in the configuration of the tests.</summary>
internal sealed class Package(string projectPath)
{
    private static readonly string Configuration =
        typeof(Package).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private readonly Lazy<PackageSurface> _surface = new(() => PackageSurface.Read(
        AssemblyPathOf(projectPath),
        [.. Repository.Packages.Select(other => other.AssemblyPath).Except([AssemblyPathOf(projectPath)], StringComparer.Ordinal)]));

    public string Name { get; } = Path.GetFileNameWithoutExtension(projectPath);

    public string Folder { get; } = Path.GetDirectoryName(projectPath)!;

    public string PublicApiPath => Path.Combine(Folder, "PublicApi.txt");

    public string AssemblyPath => AssemblyPathOf(projectPath);

    public PackageSurface Surface => _surface.Value;

    public override string ToString() => Name;

    private static string AssemblyPathOf(string project) => Path.Combine(
        Path.GetDirectoryName(project)!,
        "bin",
        Configuration,
        FrameworkIn(project) ?? FrameworkIn(Repository.PathOf("src/Directory.Build.props"))!,
        Path.GetFileNameWithoutExtension(project) + ".dll");

    private static string? FrameworkIn(string path) => XDocument.Load(path).Descendants()
        .FirstOrDefault(element => element.Name.LocalName is "TargetFramework")?.Value;
}
