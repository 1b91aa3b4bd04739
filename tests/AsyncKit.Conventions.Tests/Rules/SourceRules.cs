using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Conventions.Tests;

/// <summary>Each rule returns a sentence for every fault that it finds in the files of src and tests.</summary>
internal static partial class SourceRules
{
    public const int MaxFiles = 24;

    /// <param name="files">Paths relative to the root.</param>
    public static IEnumerable<string> FewFilesPerFolder(IEnumerable<string> files) => files
        .GroupBy(file => file[..file.LastIndexOf('/')], StringComparer.Ordinal)
        .Where(folder => folder.Count() > MaxFiles)
        .Select(folder => $"{folder.Key} has {folder.Count()} files; at most {MaxFiles} are allowed. It hides a concept.");

    /// <summary>The part of a file's name after its first dot names the part of the type.</summary>
    public static IEnumerable<string> NamedAfterItsType(string path, string text)
    {
        var name = Path.GetFileName(path).Split('.')[0];
        return TypesIn(text).Contains(name, StringComparer.Ordinal)
            ? []
            : [$"{path} contains no type {name}."];
    }

    /// <param name="path">Relative to the root.</param>
    public static IEnumerable<string> StaysInside(string path, string text)
    {
        var depth = path.Count(character => character == '/');
        foreach (var climb in Climbs().EnumerateMatches(text))
        {
            var steps = text.AsSpan(climb.Index, climb.Length).Count("..");
            if (steps > depth)
            {
                return [$"{path} refers to something outside of the repository."];
            }
        }

        return Shared().IsMatch(text) ? [$"{path} refers to ../shared; a source belongs to one package."] : [];
    }

    private static IEnumerable<string> TypesIn(string text) =>
        CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes(node =>
                node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .Select(node => node switch
            {
                BaseTypeDeclarationSyntax type => type.Identifier.Text,
                DelegateDeclarationSyntax type => type.Identifier.Text,
                _ => "",
            });

    [GeneratedRegex(@"(?:\.\.[/\\])+", RegexOptions.None, 1000)]
    private static partial Regex Climbs();

    [GeneratedRegex(@"\.\.[/\\]shared\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Shared();
}
