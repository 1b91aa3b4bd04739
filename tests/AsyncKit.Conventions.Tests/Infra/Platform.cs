using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AsyncKit.Conventions.Tests;

/// <summary>The assemblies that the test host runs on, as references for the compiler.</summary>
internal static class Platform
{
    /// <summary>The implicit usings of a console program.</summary>
    public const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly MetadataReference[] All =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(Reference),
    ];

    /// <summary>Every assembly except the packages under src.</summary>
    public static IReadOnlyList<MetadataReference> References { get; } =
        [.. All.Where(reference => !IsPackage(reference))];

    /// <summary>The packages under src, as the test host loads them.</summary>
    public static IReadOnlyList<MetadataReference> Packages { get; } = [.. All.Where(IsPackage)];

    public static MetadataReference Reference(string path) => MetadataReference.CreateFromFile(path);

    public static CSharpCompilationOptions Options(OutputKind kind) =>
        new(kind, nullableContextOptions: NullableContextOptions.Enable);

    private static bool IsPackage(MetadataReference reference) =>
        Repository.Packages.Any(package => string.Equals(
            package.Name, Path.GetFileNameWithoutExtension(reference.Display), StringComparison.Ordinal));
}
