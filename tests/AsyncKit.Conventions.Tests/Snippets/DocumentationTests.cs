namespace AsyncKit.Conventions.Tests;

/// <summary>
/// The C# of the documentation (README.md, the README.md of each package, everything under docs) compiles and runs:
/// <list type="bullet">
/// <item>A ```csharp block is a whole program with top-level statements. It may await.</item>
/// <item>The implicit usings of a console project and AsyncKit need no using directive; others do.</item>
/// <item>It references .NET, every package under src with its dependencies, the libraries that the migration pages start
/// from, and xunit, since these tests run on it. Warnings are allowed.</item>
/// <item>The AppContext switch AsyncKit.Testing is set, as in a project that refers to that package.</item>
/// <item>It exits within 30 s, throws no exception and returns 0.</item>
/// <item>Its output equals the ```text block that follows it with only blank lines in between, if there is one. Line
/// endings, empty lines at the end, and comments that show a result are ignored.</item>
/// <item>Every C# block runs. Code that must not run is fenced as another language.</item>
/// </list>
/// </summary>
[Collection(ConsoleTests.Name)]
public sealed class DocumentationTests
{
    public static TheoryData<string, int> Snippets
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var block in Pages().SelectMany(page => page.Blocks).Where(block => block.IsCSharp))
            {
                data.Add(block.Path, block.Line);
            }

            return data;
        }
    }

    public static TheoryData<string> SitePages =>
        [.. Pages().Select(page => page.Path).Where(path => path.StartsWith("docs/", StringComparison.Ordinal))];

    public static TheoryData<string> Files => [.. Pages().Select(page => page.Path)];

    [Theory]
    [MemberData(nameof(Snippets))]
    public async Task A_snippet_runs_and_prints_what_the_page_says(string path, int line)
    {
        var page = MarkdownFile.Read(Repository.PathOf(path));
        var block = page.Blocks.Single(block => block.Line == line);
        var fault = await SnippetRunner.FaultAsync(block, page.OutputOf(block), SnippetRunner.Limit);
        Rule.Holds(fault is null ? [] : [fault]);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void No_snippet_escapes(string path) =>
        Rule.Holds(FenceRules.NothingEscapes(MarkdownFile.Read(Repository.PathOf(path))));

    [Theory]
    [MemberData(nameof(Files))]
    public void A_link_leads_to_a_file(string path) =>
        Rule.Holds(DocsRules.LinksLead(
            MarkdownFile.Read(Repository.PathOf(path)),
            Repository.Blobs,
            target => Path.Exists(Repository.PathOf(target))));

    [Theory]
    [MemberData(nameof(SitePages))]
    public void The_site_lists_a_page(string path) =>
        Rule.Holds(DocsRules.IsInContents(
            MarkdownFile.Read(Repository.PathOf(path)), File.ReadAllText(Repository.PathOf("docs/site/toc.yml"))));

    private static IEnumerable<MarkdownFile> Pages() =>
        Directory.GetFiles(Repository.Root, "README.md")
            .Concat(Repository.Packages.Select(package => Path.Combine(package.Folder, "README.md")).Where(File.Exists))
            .Concat(Repository.Files("docs", "*.md"))
            .Select(MarkdownFile.Read);
}
