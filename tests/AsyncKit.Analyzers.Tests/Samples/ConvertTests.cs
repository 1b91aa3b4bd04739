using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers.Tests;

/// <summary>The code in docs/samples/Convert/After is what the fixes make of the code in Before.</summary>
public sealed class ConvertTests
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>The rules of the conversion, in the order in which dotnet format gets them.</summary>
    private static readonly (DiagnosticAnalyzer Analyzer, CodeFixProvider Fix)[] Rules =
    [
        (new SequentialLoopAnalyzer(), new SequentialLoopFix()),
        (new UnlimitedWhenAllAnalyzer(), new UnlimitedWhenAllFix()),
        (new HandWrittenLimitAnalyzer(), new HandWrittenLimitFix()),
        (new UnlimitedParallelAnalyzer(), new UnlimitedParallelFix()),
        (new BlockingTaskRunAnalyzer(), new BlockingTaskRunFix()),
        (new HandwrittenRetryAnalyzer(), new HandwrittenRetryFix()),
        (new BufferedDownloadAnalyzer(), new BufferedDownloadFix()),
    ];

    [Fact]
    public async Task The_fixes_turn_the_code_before_into_the_code_after()
    {
        var folder = Repository.PathOf("docs/samples/Convert");
        using var workspace = new AdhocWorkspace();
        var project = workspace.AddProject("Convert", LanguageNames.CSharp)
            .WithParseOptions(Code.Parsing)
            .WithCompilationOptions(Code.Options)
            .AddMetadataReferences(Code.References)
            .AddDocument("Usings.cs", Usings).Project
            .AddAnalyzerConfigDocument(
                ".editorconfig",
                SourceText.From("root = true\n" + await File.ReadAllTextAsync(Path.Combine(folder, ".editorconfig"))),
                filePath: Path.Combine(folder, ".editorconfig")).Project;
        var path = Path.Combine(folder, "Before", "PriceScraper.cs");
        var document = project.AddDocument("PriceScraper.cs", await File.ReadAllTextAsync(path), filePath: path);

        var applied = new List<string>();
        foreach (var (analyzer, fix) in Rules)
        {
            while (await FirstAsync(document, analyzer) is { } found)
            {
                applied.Add(found.Id);
                document = await ApplyAsync(document, found, fix);
            }
        }

        Assert.Equal(["AK0001", "AK0001", "AK0002", "AK0003", "AK0004", "AK0007", "AK0010", "AK0013"], applied);
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(folder, "After", "PriceScraper.cs")),
            (await document.GetTextAsync()).ToString().Replace("namespace Prices.Before;", "namespace Prices.After;", StringComparison.Ordinal));
    }

    private static async Task<Diagnostic?> FirstAsync(Document document, DiagnosticAnalyzer analyzer)
    {
        var compilation = (CSharpCompilation)(await document.Project.GetCompilationAsync())!;
        var found = await Verify.FindAsync(analyzer, compilation);
        return found.OrderBy(diagnostic => diagnostic.Location.SourceSpan).FirstOrDefault();
    }

    private static async Task<Document> ApplyAsync(Document document, Diagnostic found, CodeFixProvider fix)
    {
        var offered = new List<CodeAction>();
        await fix.RegisterCodeFixesAsync(new CodeFixContext(document, found, (action, _) => offered.Add(action), CancellationToken.None));
        var operations = await Assert.Single(offered).GetOperationsAsync(CancellationToken.None);
        return operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(document.Id)!;
    }
}
