namespace AsyncKit.Conventions.Tests;

public sealed class FeatureRuleTests
{
    private static readonly IReadOnlyDictionary<string, string> Core = Repository.Files("src/AsyncKit", "*.cs")
        .ToDictionary(
            path => Path.GetRelativePath(Repository.PathOf("src/AsyncKit"), path).Replace('\\', '/'),
            File.ReadAllText,
            StringComparer.Ordinal);

    [Fact]
    public void A_feature_uses_no_internal_type_of_another_feature() =>
        Rule.Holds(FeatureRule.UsesNoInternals(Core, [.. FeatureRule.Exceptions.Keys]));

    [Fact]
    public void Every_exception_is_needed() => Assert.Empty(FeatureRule.Unused(Core, FeatureRule.Exceptions.Keys));

    [Theory]
    [InlineData("Locks/Permits/A.cs", "internal class A;", "Pools/B.cs", "class B { A? a; }", 1)]
    [InlineData("Locks/A.cs", "internal class A<T>;", "Pools/B.cs", "class B { object a = new A<int>(); }", 1)]
    [InlineData("Locks/A.cs", "public class A;", "Pools/B.cs", "class B { A? a; }", 0)]
    [InlineData("Runtime/A.cs", "internal class A;", "Pools/B.cs", "class B { A? a; }", 0)]
    [InlineData("Pools/Idle/A.cs", "internal class A;", "Pools/B.cs", "class B { A? a; }", 0)]
    [InlineData("Pools/B.cs", "internal class B;", "Runtime/A.cs", "class A { B? b; }", 1)]
    public void A_use_of_an_internal_type_of_another_feature_is_reported(
        string path, string text, string userPath, string user, int expected)
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal) { [path] = text, [userPath] = user };

        Assert.Equal(expected, FeatureRule.UsesNoInternals(sources, []).Count());
        Assert.Empty(FeatureRule.UsesNoInternals(sources, ["Pools -> A", "Runtime -> B"]));
        Assert.Equal(2 - expected, FeatureRule.Unused(sources, ["Pools -> A", "Runtime -> B"]).Count());
    }
}
