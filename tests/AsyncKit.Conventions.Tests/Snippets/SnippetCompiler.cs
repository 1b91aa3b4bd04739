using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AsyncKit.Conventions.Tests;

/// <summary>Compiles a block as the whole program of a console project.</summary>
internal static class SnippetCompiler
{
    private const string OwnUsing = "global using AsyncKit;";

    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);

    private static readonly SyntaxTree Usings =
        CSharpSyntaxTree.ParseText($"{Platform.ImplicitUsings}\n{OwnUsing}", Parsing);

    // The names and types that an example leaves to the reader, and the modifier of a member that it shows alone.
    private static readonly string[] LeftToTheReader = ["CS0103", "CS0246", "CS0106"];

    /// <summary>The errors of an example, except for names that it does not declare.</summary>
    public static IEnumerable<string> MisusesIn(string example, string package)
    {
        var compilation = CSharpCompilation.Create(
            "Example",
            [Usings, CSharpSyntaxTree.ParseText(example, Parsing), .. NamespaceOf(package)],
            [.. Platform.References, .. Platform.Packages],
            Platform.Options(OutputKind.ConsoleApplication));
        return compilation.GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !LeftToTheReader.Contains(diagnostic.Id))
            .Select(error => $"{error.Id}: {error.GetMessage(null)} in: {example.Trim()}");
    }

    private static IEnumerable<SyntaxTree> NamespaceOf(string package) => OwnUsing.Contains($" {package};", StringComparison.Ordinal)
        ? []
        : [CSharpSyntaxTree.ParseText($"global using {package};", Parsing)];

    /// <returns>The program, or what is wrong with it.</returns>
    public static (byte[]? Image, string Faults) Compile(MarkdownBlock block)
    {
        var snippet = CSharpSyntaxTree.ParseText(block.Text, Parsing);
        var compilation = CSharpCompilation.Create(
            "Snippet_" + Guid.NewGuid().ToString("N"),
            [Usings, snippet],
            [.. Platform.References, .. Platform.Packages],
            Platform.Options(OutputKind.ConsoleApplication));
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image);
        var errors = emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(error => $"{block.Path}:{LineOf(error, block)}: {error.Id}: {error.GetMessage(null)}");
        return emitted.Success ? (image.ToArray(), "") : (null, string.Join('\n', errors));
    }

    /// <summary>The block's first line of code follows its fence.</summary>
    private static int LineOf(Diagnostic error, MarkdownBlock block) => error.Location.IsInSource
        ? block.Line + 1 + error.Location.GetLineSpan().StartLinePosition.Line
        : block.Line;
}
