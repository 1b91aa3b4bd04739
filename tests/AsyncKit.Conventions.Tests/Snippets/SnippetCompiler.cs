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
