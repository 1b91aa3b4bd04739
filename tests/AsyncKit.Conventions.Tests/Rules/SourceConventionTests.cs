namespace AsyncKit.Conventions.Tests;

/// <summary>Checks the files of the repository.</summary>
public sealed class SourceConventionTests
{
    private static readonly string[] Texts =
        [".cs", ".csproj", ".props", ".targets", ".txt", ".md", ".json", ".xml", ".editorconfig"];

    public static TheoryData<string> Sources => [.. Repository.Files("src", "*.cs").Select(Repository.RelativePath)];

    public static TheoryData<string> Files =>
    [
        .. Repository.Files("src", "*").Where(path => Texts.Contains(Path.GetExtension(path), StringComparer.Ordinal))
            .Select(Repository.RelativePath),
    ];

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("benchmarks")]
    public void A_folder_has_few_files(string root) =>
        Rule.Holds(SourceRules.FewFilesPerFolder(Repository.Files(root, "*.cs").Select(Repository.RelativePath)));

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_source_is_named_after_a_type_it_contains(string path) =>
        Rule.Holds(SourceRules.NamedAfterItsType(path, Read(path)));

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_refers_to_nothing_outside(string path) => Rule.Holds(SourceRules.StaysInside(path, Read(path)));

    [Fact]
    public void The_architecture_page_names_only_files_that_exist() => Rule.Holds(DocsRules.NamesOnlyFilesThatExist(
        MarkdownFile.Read(Repository.PathOf("docs/architecture.md")),
        [.. Repository.Files("src", "*.cs").Select(Repository.RelativePath)]));

    private static string Read(string path) => File.ReadAllText(Repository.PathOf(path));
}
