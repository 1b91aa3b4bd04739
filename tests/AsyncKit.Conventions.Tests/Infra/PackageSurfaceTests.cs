namespace AsyncKit.Conventions.Tests;

public sealed class PackageSurfaceTests
{
    [Fact]
    public void An_assembly_without_its_references_is_refused()
    {
        var assembly = Platform.Packages.Single(package =>
            string.Equals(Path.GetFileNameWithoutExtension(package.Display), "AsyncKit", StringComparison.Ordinal));

        Assert.NotEmpty(PackageSurface.Read(assembly, Platform.References).Types);
        var refused = Assert.Throws<InvalidOperationException>(() => PackageSurface.Read(assembly, []));
        Assert.Contains("System.Runtime", refused.Message, StringComparison.Ordinal);
    }
}
