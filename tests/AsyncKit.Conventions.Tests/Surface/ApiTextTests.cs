namespace AsyncKit.Conventions.Tests;

public sealed class ApiTextTests
{
    [Theory]
    [InlineData("public enum A : byte { Two = 2, One = 1 }", "public enum A : byte", "One = 1", "Two = 2")]
    [InlineData("public interface A<in T> where T : class, new() { T? B { set; } }",
        "public interface A<in T> where T : class, new()", "T? B { set; }")]
    [InlineData("[Flags] public enum A { }", "[Flags] public enum A : int")]
    [InlineData("public delegate T A<out T>(ref int a, in int b, out int c, params int[] d);",
        "public delegate T A<out T>(ref int a, in int b, out int c, params int[] d)")]
    [InlineData("public sealed record A(string? B);", "public sealed record class A : IEquatable<A>",
        "public A(string? B)", "public string? B { get; init; }", "public void Deconstruct(out string? B)")]
    [InlineData("public readonly record struct A;", "public readonly record struct A : IEquatable<A>")]
    [InlineData("public struct A : IDisposable { public void Dispose() { } }",
        "public struct A : IDisposable", "public void Dispose()")]
    [InlineData("public ref struct A { public readonly int B; }", "public ref struct A", "public readonly int B")]
    [InlineData("public abstract class A : Exception { protected A() { } "
        + "public abstract int B { get; protected set; } }",
        "public abstract class A : Exception", "protected A()", "public abstract int B { get; protected set; }")]
    [InlineData("public sealed class A { public required int B { get; set; } "
        + "public int C { get; private set; } internal int D; }",
        "public sealed class A", "public A()", "public int C { get; }", "public required int B { get; set; }")]
    [InlineData("public static class A { public const string B = \"c\"; public static event Action? D; }",
        "public static class A", "public const string B = \"c\"", "public static event Action? D")]
    public void A_type_is_written_with_all_that_users_rely_on(string source, params string[] lines) =>
        Assert.Equal(string.Join('\n', lines), Lines(source), ignoreLineEndingDifferences: true);

    [Theory]
    [InlineData("void B(this string? c, int d = 1, DayOfWeek e = DayOfWeek.Friday, CancellationToken f = default) { }",
        "public static void B(this string? c, int d = 1, DayOfWeek e = Friday, CancellationToken f = default)")]
    [InlineData("List<string?>? B<T>(T c) where T : notnull, IDisposable => null;",
        "public static List<string?>? B<T>(T c) where T : notnull, IDisposable")]
    [InlineData("ref readonly int B(int[] c) => ref c[0];", "public static ref readonly int B(int[] c)")]
    [InlineData("(int C, string? D) B() => default;", "public static (int C, string? D) B()")]
    [InlineData("T? B<T>(T? c) where T : struct, Enum => c;", "public static T? B<T>(T? c) where T : struct, Enum")]
    [InlineData("void B<T>(T c) where T : allows ref struct { }",
        "public static void B<T>(T c) where T : allows ref struct")]
    public void A_member_is_written_with_its_whole_signature(string member, string line) =>
        Assert.EndsWith(line, Lines($"public static class A {{ public static {member} }}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("[System.Runtime.CompilerServices.OverloadResolutionPriority(2)]", "int b",
        "[OverloadResolutionPriority(2)] ")]
    [InlineData("[Obsolete(\"Use C.\", true, DiagnosticId = \"D\")]", "int b",
        "[Obsolete(\"Use C.\", true, DiagnosticId = \"D\")] ")]
    [InlineData("[return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(\"b\")]", "string? b",
        "[return: NotNullIfNotNull(\"b\")] ")]
    [InlineData("", "[System.Diagnostics.CodeAnalysis.DisallowNull] string? b", "[b: DisallowNull] ")]
    public void An_attribute_is_part_of_the_contract(string attribute, string parameter, string text)
    {
        var lines = Lines($$"""
            public static class T
            {
                {{attribute}} public static string? A({{parameter}}) => null;
            }
            """);

        Assert.Contains($"\n{text}public static string? A(", lines, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_name_that_is_ambiguous_is_written_in_full()
    {
        var text = ApiText.Render(PackageSurface.Compile(
            "public static class A { public static void B(System.Threading.Timer c, System.Timers.Timer d) { } }"));

        Assert.Contains("B(System.Threading.Timer c, System.Timers.Timer d)", text, StringComparison.Ordinal);
        Assert.Contains("#   System.Timers: Timer", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_internal_member_is_not_written() =>
        Assert.Equal("public static class A", Lines(
            "public static class A { internal class B { public int C; } private static void D() { } } class E;"));

    [Fact]
    public void A_nested_type_is_written_with_its_container() =>
        Assert.Equal("public static class A\npublic enum A.B : int", Lines("public static class A { public enum B; }"));

    [Theory]
    [InlineData("a\n    b\n    c", "a\n    b\n    c", "")]
    [InlineData("a\r\n    b", "a\n    b", "")]
    [InlineData("a\n    b\n    c", "a\n    c", "  a\n-     b")]
    [InlineData("a\n    c", "a\n    b\n    c", "  a\n+     b")]
    [InlineData("a\n    b\nx\n    y", "a\n    b\nx\n    z", "  x\n-     y\n+     z")]
    [InlineData("", "a", "- \n+ a")]
    public void A_difference_shows_the_lines_and_their_type(string before, string after, string difference) =>
        Assert.Equal(difference, LineDiff.Between(before, after));

    [Fact]
    public void A_change_of_the_surface_is_a_difference()
    {
        var before = Surface("string c");
        var after = Surface("string? c");

        Assert.Null(PublicApiTests.Difference(before, before));
        Assert.Equal(
            "  public static class A\n-     public static void B(string c)\n+     public static void B(string? c)",
            PublicApiTests.Difference(before, after));

        static string Surface(string parameter) => ApiText.Render(PackageSurface.Compile(
            $"public static class A {{ public static void B({parameter}) {{ }} }}"));
    }

    /// <summary>The lines without the comment, indents and empty lines.</summary>
    private static string Lines(string source) => string.Join('\n', ApiText.Render(PackageSurface.Compile(source))
        .Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'));
}
