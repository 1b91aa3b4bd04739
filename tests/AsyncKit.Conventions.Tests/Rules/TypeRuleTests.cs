namespace AsyncKit.Conventions.Tests;

/// <summary>Shows that every rule can fail.</summary>
public sealed class TypeRuleTests
{
    [Fact]
    public void A_type_in_another_namespace_is_reported()
    {
        var sample = PackageSurface.Compile(
            "namespace Sample { public enum A; } namespace Sample.Inner { public enum B; }");

        Assert.Empty(TypeRules.OneNamespace(sample.Type("A"), "Sample"));
        Assert.Equal(
            "B is in Sample.Inner, not in Sample.",
            Assert.Single(TypeRules.OneNamespace(sample.Type("B"), "Sample")));
    }

    [Theory]
    [InlineData("public class Bad;")]
    [InlineData("public record Bad(int A);")]
    [InlineData("public abstract class Bad;")]
    [InlineData("public struct Bad;")]
    [InlineData("public record struct Bad(int A);")]
    public void A_type_that_is_open_or_mutable_is_reported(string source) =>
        Assert.Single(TypeRules.SealedOrStatic(PackageSurface.Compile(source).Type("Bad")));

    [Fact]
    public void A_nested_type_is_checked()
    {
        var sample = PackageSurface.Compile("public static class Outer { public class Bad; }");

        Assert.Single(TypeRules.SealedOrStatic(sample.Type("Outer.Bad")));
    }

    [Theory]
    [InlineData("public sealed class Good;")]
    [InlineData("public static class Good;")]
    [InlineData("public sealed record Good(int A);")]
    [InlineData("public readonly struct Good;")]
    [InlineData("public readonly record struct Good(int A);")]
    [InlineData("public interface Good;")]
    [InlineData("public enum Good;")]
    [InlineData("public delegate void Good();")]
    public void A_type_that_is_closed_is_right(string source) =>
        Assert.Empty(TypeRules.SealedOrStatic(PackageSurface.Compile(source).Type("Good")));

    [Theory]
    [InlineData("public sealed class Bad;", "Bad has no summary.")]
    [InlineData("/// <summary> </summary>\npublic sealed class Bad;", "Bad has no summary.")]
    [InlineData("/// <remarks>More.</remarks>\npublic sealed class Bad;", "Bad has no summary.")]
    [InlineData("/// <summary>A.</summary>\npublic enum Bad { One }", "Bad.One has no summary.")]
    [InlineData("/// <summary>A.</summary>\npublic sealed class Bad { public int A { get; } }",
        "Bad.A has no summary.")]
    [InlineData("/// <summary>A.</summary>\npublic sealed class Bad { public const int A = 1; }",
        "Bad.A has no summary.")]
    [InlineData("/// <summary>A.</summary>\npublic sealed class Bad { public event Action? A; }",
        "Bad.A has no summary.")]
    [InlineData("/// <summary>A.</summary>\npublic interface Bad { void A(); }", "Bad.A() has no summary.")]
    [InlineData("/// <summary>A.</summary>\npublic delegate void Bad(int a);",
        "Bad does not document the parameter a.")]
    [InlineData("/// <summary>A.</summary>\npublic readonly record struct Bad(int A);",
        "Bad.Bad(int) does not document the parameter A.", "Bad.A has no summary.")]
    [InlineData("/// <summary>A.</summary>\npublic interface Bad {\n"
        + "/// <summary>B.</summary>\n/// <param name=\"b\">B.</param>\nvoid B(int a, int b); }",
        "Bad.B(int, int) does not document the parameter a.")]
    public void A_missing_documentation_is_reported(string source, params string[] faults)
    {
        var sample = PackageSurface.Compile(source);

        var found = TypeRules.Documented(sample.Type("Bad"), sample.Docs);

        Assert.Equal(faults.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("public sealed class Bad;")]
    [InlineData("public sealed class Bad { private Bad() { } public static Bad Open() => null!; }")]
    [InlineData("public static class Bad { public static void A() { } }")]
    [InlineData("/// <inheritdoc cref=\"Other\" path=\"/example\"/>\npublic sealed class Bad;\npublic sealed class Other;")]
    public void A_missing_example_is_reported(string source)
    {
        var sample = PackageSurface.Compile(source);

        Assert.Single(TypeRules.HasExample(sample.Type("Bad"), sample.Docs));
    }

    [Theory]
    [InlineData("/// <example>A.</example>\npublic sealed class Good;")]
    [InlineData("public sealed class Good {\n/// <example>A.</example>\npublic static Good Open() => null!; }")]
    [InlineData("public static class Good {\n/// <example>A.</example>\npublic static void A() { }\npublic static void A(int a) { } }")]
    [InlineData("/// <inheritdoc cref=\"Other\" path=\"/example\"/>\npublic sealed class Good;\n/// <example>A.</example>\npublic sealed class Other;")]
    [InlineData("public sealed class Good { private Good() { } }")]
    [InlineData("public sealed record Good;")]
    [InlineData("public sealed class GoodOptions;", "GoodOptions")]
    public void An_example_on_any_overload_is_right(string source, string name = "Good")
    {
        var sample = PackageSurface.Compile(source);

        Assert.Empty(TypeRules.HasExample(sample.Type(name), sample.Docs));
    }

    [Fact]
    public void A_documented_or_generated_member_is_right()
    {
        var sample = PackageSurface.Compile("""
            /// <summary>A record.</summary>
            /// <param name="A">Its value.</param>
            public sealed record Good(int A)
            {
                private int _hidden;
                internal void Hidden(int a) => _hidden = a;

                /// <inheritdoc/>
                public override string ToString() => "";
            }
            """);

        Assert.Empty(TypeRules.Documented(sample.Type("Good"), sample.Docs));
    }
}
