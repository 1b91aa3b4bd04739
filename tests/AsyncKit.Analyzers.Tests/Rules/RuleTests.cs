using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AsyncKit.Analyzers.Tests;

public sealed class RuleTests
{
    private static readonly DiagnosticDescriptor[] Rules =
    [
        .. typeof(RuleAnalyzer).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(RuleAnalyzer)))
            .SelectMany(type => ((DiagnosticAnalyzer)Activator.CreateInstance(type)!).SupportedDiagnostics)
            .OrderBy(rule => rule.Id, StringComparer.Ordinal),
    ];

    [Fact]
    public void Help_link_opens_the_section_of_the_rule_in_the_repository()
    {
        var repository = XDocument.Load(Repository.PathOf("src/Directory.Build.props")).Descendants("RepositoryUrl").Single().Value;

        Assert.Equal(
            Rules.Select(rule => $"{repository}/blob/main/docs/analyzers.md#{rule.Id.ToLowerInvariant()}"),
            Rules.Select(rule => rule.HelpLinkUri),
            StringComparer.Ordinal);
    }

    [Fact]
    public void Page_has_a_section_for_each_rule_that_starts_with_its_title()
    {
        var lines = File.ReadAllLines(Repository.PathOf("docs/analyzers.md"));

        Assert.All(Rules, rule => Assert.StartsWith(
            $"{rule.Title}.", lines[Array.IndexOf(lines, $"## {rule.Id}") + 2], StringComparison.Ordinal));
    }

    [Fact]
    public void Rules_are_numbered_from_1_to_16() =>
        Assert.Equal(
            Enumerable.Range(1, 16).Select(number => $"AK{number:0000}"), Rules.Select(rule => rule.Id), StringComparer.Ordinal);
}
