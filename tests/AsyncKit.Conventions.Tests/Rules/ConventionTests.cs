using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>Checks the public types of every package, with one test per type and rule.</summary>
public sealed class ConventionTests
{
    public static TheoryData<string, string> Types
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var package in Repository.Packages)
            {
                foreach (var type in package.Surface.Types)
                {
                    data.Add(package.Name, type.GetDocumentationCommentId()!);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_type_is_in_the_one_namespace_of_its_package(string package, string type) =>
        Rule.Holds(TypeRules.OneNamespace(Find(package, type).Type, package));

    [Theory]
    [MemberData(nameof(Types))]
    public void A_class_is_sealed_or_static_and_a_struct_is_readonly(string package, string type) =>
        Rule.Holds(TypeRules.SealedOrStatic(Find(package, type).Type));

    [Theory]
    [MemberData(nameof(Types))]
    public void A_token_is_last_named_cancellationToken_and_optional(string package, string type) =>
        Rule.Holds(MemberRules.TokenLast(Find(package, type).Type));

    [Theory]
    [MemberData(nameof(Types))]
    public void A_method_ends_in_Async_exactly_when_it_is_awaited(string package, string type) =>
        Rule.Holds(MemberRules.AsyncSuffix(Find(package, type).Type));

    [Fact]
    public void Every_exception_from_the_suffix_is_still_needed()
    {
        var members = Repository.Packages.SelectMany(package => package.Surface.Types)
            .SelectMany(type => type.GetMembers().Select(member => $"{type.Name}.{member.Name}"))
            .ToHashSet(StringComparer.Ordinal);

        Assert.All(MemberRules.SuffixExceptions.Keys, name => Assert.Contains(name, members));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_time_is_a_TimeSpan(string package, string type) =>
        Rule.Holds(MemberRules.TimeIsTimeSpan(Find(package, type).Type));

    [Theory]
    [MemberData(nameof(Types))]
    public void No_extension_is_named_like_a_method_of_dotnet(string package, string type)
    {
        var (surface, found) = Find(package, type);
        Rule.Holds(MemberRules.NoKnownExtensionName(found, KnownNames.Of(surface.Compilation)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void No_parameter_is_a_bool(string package, string type) =>
        Rule.Holds(MemberRules.NoBools(Find(package, type).Type));

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_member_and_parameter_is_documented(string package, string type)
    {
        var (surface, found) = Find(package, type);
        Rule.Holds(TypeRules.Documented(found, surface.Docs));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void An_entry_point_has_an_example(string package, string type)
    {
        var (surface, found) = Find(package, type);
        Rule.Holds(TypeRules.HasExample(found, surface.Docs));
    }

    /// <summary>Everything but the names that the example leaves to the reader.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void An_example_uses_the_library_correctly(string package, string type)
    {
        var (surface, found) = Find(package, type);
        Rule.Holds(found.WrittenMembers().Prepend(found)
            .SelectMany(symbol => surface.Docs.Of(symbol)?.Descendants("code") ?? [])
            .SelectMany(code => SnippetCompiler.MisusesIn(code.Value, package)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_type_has_a_section_with_a_snippet_on_a_docs_page(string package, string type) =>
        Rule.Holds(DocsRules.HasSection(Find(package, type).Type.NameInSource(), Pages()));

    private static IEnumerable<MarkdownFile> Pages() =>
        Repository.Files("docs", "*.md").Select(MarkdownFile.Read);

    private static (PackageSurface Surface, INamedTypeSymbol Type) Find(string package, string type)
    {
        var surface = Repository.Package(package).Surface;
        return (surface, surface.Types.Single(
            one => string.Equals(one.GetDocumentationCommentId(), type, StringComparison.Ordinal)));
    }
}
