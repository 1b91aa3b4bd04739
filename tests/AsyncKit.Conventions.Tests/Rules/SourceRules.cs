using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Conventions.Tests;

/// <summary>Each rule gives a sentence for every fault it finds in a file under src.</summary>
internal static partial class SourceRules
{
    public const int MostLines = 370;

    private static readonly CSharpParseOptions[] Builds =
    [
        CSharpParseOptions.Default.WithPreprocessorSymbols(
            "NET8_0_OR_GREATER", "NET9_0_OR_GREATER", "NET10_0_OR_GREATER"),
        CSharpParseOptions.Default.WithPreprocessorSymbols("NET8_0_OR_GREATER"),
    ];

    public static IEnumerable<string> IsShort(string path, string text)
    {
        var lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Length;
        return lines <= MostLines ? [] : [$"{path} has {lines} lines; {MostLines} are the most."];
    }

    /// <summary>What follows the first dot of the file's name says which part of the type it is.</summary>
    public static IEnumerable<string> NamedAfterItsType(string path, string text)
    {
        var name = Path.GetFileName(path).Split('.')[0];
        return Builds.SelectMany(options => TypesIn(text, options)).Contains(name, StringComparer.Ordinal)
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

    private static IEnumerable<string> TypesIn(string text, CSharpParseOptions options) =>
        CSharpSyntaxTree.ParseText(text, options).GetRoot().DescendantNodes(node =>
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
