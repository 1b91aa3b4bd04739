using System.Reflection;
using System.Xml.Linq;

namespace AsyncKit.Conventions.Tests;

/// <summary>A project under src and what was built from it, in the configuration of the tests.</summary>
internal sealed class Package(string projectPath)
{
    private static readonly string Configuration =
        typeof(Package).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private readonly Dictionary<string, PackageSurface> _surfaces = new(StringComparer.Ordinal);

    public string Name { get; } = Path.GetFileNameWithoutExtension(projectPath);

    public string Folder { get; } = Path.GetDirectoryName(projectPath)!;

    public string PublicApiPath => Path.Combine(Folder, "PublicApi.txt");

    /// <summary>From the project, or from the props file of src.</summary>
    public IReadOnlyList<string> Frameworks { get; } =
        FrameworksIn(projectPath) ?? FrameworksIn(Repository.PathOf("src/Directory.Build.props"))
        ?? throw new InvalidOperationException($"No target framework found for {projectPath}.");

    public string AssemblyPath(string framework) =>
        Path.Combine(Folder, "bin", Configuration, framework, Name + ".dll");

    public PackageSurface Surface(string framework)
    {
        lock (_surfaces)
        {
            if (!_surfaces.TryGetValue(framework, out var surface))
            {
                var others = Repository.Packages.Where(other => other != this);
                surface = PackageSurface.Read(
                    AssemblyPath(framework), [.. others.Select(other => other.AssemblyPath(framework))]);
                _surfaces.Add(framework, surface);
            }

            return surface;
        }
    }

    public override string ToString() => Name;

    private static string[]? FrameworksIn(string path) =>
        XDocument.Load(path).Descendants()
            .FirstOrDefault(element => element.Name.LocalName is "TargetFrameworks" or "TargetFramework")?.Value
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
