using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AsyncKit.Conventions.Tests;

/// <summary>An assembly as the compiler of a user sees it, and its XML documentation.</summary>
internal sealed class PackageSurface
{
    private PackageSurface(MetadataReference assembly, IEnumerable<MetadataReference> others, XmlDocs docs)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
            .WithMetadataImportOptions(MetadataImportOptions.All);
        Compilation = CSharpCompilation.Create("Reader", [], [assembly, .. others], options);
        Assembly = (IAssemblySymbol)Compilation.GetAssemblyOrModuleSymbol(assembly)!;
        Docs = docs;
        CheckReferences();
        Types = [.. Assembly.GlobalNamespace.AllTypes().Where(type => type.IsVisibleOutside())];
    }

    public CSharpCompilation Compilation { get; }

    public IAssemblySymbol Assembly { get; }

    public XmlDocs Docs { get; }

    /// <summary>Every type that a user can name, including nested types.</summary>
    public IReadOnlyList<INamedTypeSymbol> Types { get; }

    /// <param name="path">The path of the assembly; the XML documentation has the same name.</param>
    /// <param name="others">The paths of the other packages, whether they exist or not.</param>
    public static PackageSurface Read(string path, IReadOnlyList<string> others)
    {
        if (!File.Exists(path))
        {
            throw new InvalidOperationException($"{Repository.RelativePath(path)} does not exist: build first.");
        }

        return new(
            Platform.Reference(path),
            [.. Platform.References, .. others.Where(File.Exists).Select(Platform.Reference)],
            XmlDocs.Parse(File.ReadAllText(Path.ChangeExtension(path, ".xml"))));
    }

    /// <summary>Compiles a small example for the tests of the rules, with the options of the packages.</summary>
    public static PackageSurface Compile(string source)
    {
        using var image = new MemoryStream();
        using var docs = new MemoryStream();
        var parsing = CSharpParseOptions.Default.WithDocumentationMode(DocumentationMode.Parse);
        var compilation = CSharpCompilation.Create(
            "Sample",
            [CSharpSyntaxTree.ParseText(Platform.ImplicitUsings, parsing), CSharpSyntaxTree.ParseText(source, parsing)],
            Platform.References,
            Platform.Options(OutputKind.DynamicallyLinkedLibrary));
        var emitted = compilation.Emit(image, xmlDocumentationStream: docs);
        Assert.True(emitted.Success, string.Join(Environment.NewLine, emitted.Diagnostics));
        return new(
            MetadataReference.CreateFromImage(image.ToArray()),
            Platform.References,
            XmlDocs.Parse(System.Text.Encoding.UTF8.GetString(docs.ToArray()).TrimStart('\uFEFF')));
    }

    /// <param name="assembly">The assembly to read.</param>
    /// <param name="others">The assemblies it refers to.</param>
    /// <exception cref="InvalidOperationException">A reference is missing, so the rules would miss members.</exception>
    public static PackageSurface Read(MetadataReference assembly, IEnumerable<MetadataReference> others) =>
        new(assembly, others, XmlDocs.Parse("<doc/>"));

    public INamedTypeSymbol Type(string name) =>
        Types.Single(type => string.Equals(type.NameInSource(), name, StringComparison.Ordinal));

    private void CheckReferences()
    {
        var known = Compilation.References.Select(Compilation.GetAssemblyOrModuleSymbol).OfType<IAssemblySymbol>()
            .Select(reference => reference.Name).ToHashSet(StringComparer.Ordinal);
        var missing = Assembly.Modules.SelectMany(module => module.ReferencedAssemblies)
            .Select(reference => reference.Name).Where(name => !known.Contains(name)).ToList();
        if (missing.Count > 0)
        {
            throw new InvalidOperationException($"{Assembly.Name} refers to {string.Join(", ", missing)}, not found.");
        }
    }
}
