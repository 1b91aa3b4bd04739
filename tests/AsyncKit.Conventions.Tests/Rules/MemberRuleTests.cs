using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>Shows that every rule can fail.</summary>
public sealed class MemberRuleTests
{
    [Theory]
    [InlineData("public void A(CancellationToken cancellationToken = default, int b = 1) { }", "not the last")]
    [InlineData("public void A(CancellationToken token = default) { }", "not named")]
    [InlineData("public void A(CancellationToken cancellationToken) { }", "not optional")]
    [InlineData("public void A(CancellationToken? cancellationToken = null) { }", "not optional")]
    [InlineData("public Bad(CancellationToken token = default) { }", "not named")]
    [InlineData("public int this[CancellationToken cancellationToken] => 1;", "not optional")]
    [InlineData("public static void A<T>(T a, CancellationToken cancellationToken) { }", "not optional")]
    public void A_token_at_another_position_or_in_another_form_is_reported(string member, string fault) =>
        Assert.Contains(fault, Assert.Single(MemberRules.TokenLast(Bad(member))), StringComparison.Ordinal);

    [Theory]
    [InlineData("public void A(int b, CancellationToken cancellationToken = default) { }")]
    [InlineData("public void A(Func<CancellationToken, int> b) { }")]
    [InlineData("public delegate void A(CancellationToken token, int b);")]
    [InlineData("internal void A(CancellationToken token) { }")]
    public void A_last_and_optional_token_is_right(string member) => Assert.Empty(MemberRules.TokenLast(Bad(member)));

    [Theory]
    [InlineData("public Task A() => null!;")]
    [InlineData("public Task<int> A() => null!;")]
    [InlineData("public ValueTask A() => default;")]
    [InlineData("public ValueTask<int> A() => default;")]
    [InlineData("public static Task<T> A<T>() => null!;")]
    [InlineData("public System.Runtime.CompilerServices.YieldAwaitable A() => default;")]
    [InlineData("public IAsyncEnumerable<int> AAsync() => null!;")]
    [InlineData("public Func<Task> AAsync() => null!;")]
    [InlineData("public void AAsync() { }")]
    public void A_suffix_that_is_missing_or_wrong_is_reported(string member) =>
        Assert.Single(MemberRules.AsyncSuffix(Bad(member)));

    [Theory]
    [InlineData("public Task AAsync() => null!;")]
    [InlineData("public ValueTask<int> AAsync() => default;")]
    [InlineData("public IAsyncEnumerable<int> A() => null!;")]
    [InlineData("public Func<int, Task> A() => null!;")]
    [InlineData("public Task A { get; } = null!;")]
    public void A_correct_suffix_is_right(string member) => Assert.Empty(MemberRules.AsyncSuffix(Bad(member)));

    [Fact]
    public void Only_a_listed_method_may_have_another_suffix()
    {
        Assert.Empty(MemberRules.AsyncSuffix(Scope("TaskScope", "public Task Run() => null!;")));
        Assert.Single(MemberRules.AsyncSuffix(Scope("TaskScope", "public Task Walk() => null!;")));
        Assert.Single(MemberRules.AsyncSuffix(Scope("OtherScope", "public Task Run() => null!;")));
        Assert.All(MemberRules.SuffixExceptions.Values, reason => Assert.NotEmpty(reason));

        static INamedTypeSymbol Scope(string name, string member) =>
            PackageSurface.Compile($"public sealed class {name} {{ {member} }}").Type(name);
    }

    [Theory]
    [InlineData("public void A(int waitMs) { }")]
    [InlineData("public void A(int ms) { }")]
    [InlineData("public void A(long waitMilliseconds) { }")]
    [InlineData("public void A(double? seconds) { }")]
    [InlineData("public void A(int timeout) { }")]
    [InlineData("public Bad(uint firstDelay) { }")]
    [InlineData("public int ItemTimeout { get; init; }")]
    [InlineData("public long? Delay { get; init; }")]
    [InlineData("public int this[int delay] => 1;")]
    [InlineData("public const int DefaultTimeout = 1;")]
    [InlineData("public double GetSeconds() => 1;")]
    public void A_number_for_a_time_is_reported(string member) =>
        Assert.Single(MemberRules.TimeIsTimeSpan(Bad(member)));

    [Theory]
    [InlineData("public void A(TimeSpan timeout, int items, int minPerSecond) { }")]
    [InlineData("public TimeSpan Delay { get; init; }")]
    [InlineData("public TimeSpan GetDelay(int attempt) => default;")]
    public void A_TimeSpan_for_a_time_is_right(string member) => Assert.Empty(MemberRules.TimeIsTimeSpan(Bad(member)));

    [Theory]
    [InlineData("Select")]
    [InlineData("Where")]
    [InlineData("ForEachAsync")]
    [InlineData("ToListAsync")]
    [InlineData("ToArrayAsync")]
    [InlineData("WaitAsync")]
    [InlineData("WhenAll")]
    [InlineData("WhenAny")]
    [InlineData("WhenEach")]
    [InlineData("AsTask")]
    [InlineData("ConfigureAwait")]
    public void An_extension_with_the_name_of_a_method_of_dotnet_is_reported(string name)
    {
        var sample = PackageSurface.Compile($$"""
            public static class Bad
            {
                public static void {{name}}(this string a) { }
                public static void Own(this string a) { }
            }
            """);

        var faults = MemberRules.NoKnownExtensionName(sample.Type("Bad"), KnownNames.Of(sample.Compilation));

        Assert.Contains(name, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_extensions_are_compared_with_the_names_of_dotnet()
    {
        var sample = PackageSurface.Compile("public static class Good { public static void WhenAll(string a) { } }");

        Assert.Empty(MemberRules.NoKnownExtensionName(sample.Type("Good"), KnownNames.Of(sample.Compilation)));
    }

    [Theory]
    [InlineData("public void A(bool b) { }")]
    [InlineData("public void A(int a, bool? b = null) { }")]
    [InlineData("public Bad(bool b) { }")]
    [InlineData("public int this[bool b] => 1;")]
    [InlineData("public static void A(in bool b) { }")]
    public void A_bool_parameter_is_reported(string member) => Assert.Single(MemberRules.NoBools(Bad(member)));

    [Theory]
    [InlineData("public bool A { get; init; }")]
    [InlineData("public bool A(Func<int, bool> b, out bool c) => c = b(1);")]
    [InlineData("private void A(bool b) { }")]
    public void A_bool_elsewhere_is_right(string member) => Assert.Empty(MemberRules.NoBools(Bad(member)));

    [Fact]
    public void A_member_that_the_compiler_adds_to_a_record_is_ignored()
    {
        var type = PackageSurface.Compile("public record Good(int A) { public bool B { get; init; } }").Type("Good");

        Assert.Empty(MemberRules.NoBools(type));
        Assert.NotEmpty(MemberRules.NoBools(PackageSurface.Compile("public record Bad(bool A);").Type("Bad")));
    }

    private static INamedTypeSymbol Bad(string member) =>
        PackageSurface.Compile($"public sealed class Bad {{ {member} }}").Type("Bad");
}
