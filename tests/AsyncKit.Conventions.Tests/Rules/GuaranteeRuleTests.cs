namespace AsyncKit.Conventions.Tests;

/// <summary>The rule can fail.</summary>
public sealed class GuaranteeRuleTests
{
    private const string Source = """
        /// <summary>A.</summary>
        /// <remarks>
        /// <list type="bullet">
        /// <item>Never more than
        /// the limit.</item>
        /// <item>A <see cref="List{T}"/> that changes is <see cref="DayOfWeek.Friday"/>, in <c>Data["a"]</c>.</item>
        /// </list>
        /// </remarks>
        public static class A;
        """;

    [Fact]
    public void A_page_with_the_same_words_is_right() =>
        Assert.Empty(Faults("""
            - Never more
              than the limit.
            - A `List<T>` that changes is `DayOfWeek.Friday`, in `Data["a"]`.
            """));

    [Theory]
    [InlineData("- Never more than the limit.", "A List that changes is DayOfWeek.Friday, in Data[\"a\"].")]
    [InlineData("- Seldom more than the limit.\n- A `List<T>` that changes is `DayOfWeek.Friday`, in `Data[\"a\"]`.",
        "Never more than the limit.")]
    [InlineData("Never more than the limit.\n- A `List<T>` that changes is `DayOfWeek.Friday`, in `Data[\"a\"]`.",
        "Never more than the limit.")]
    public void A_guarantee_in_other_words_is_reported(string page, string guarantee) =>
        Assert.EndsWith(guarantee, Assert.Single(Faults(page)), StringComparison.Ordinal);

    private static IEnumerable<string> Faults(string page)
    {
        var sample = PackageSurface.Compile(Source);
        return GuaranteeRule.OnAPage(sample.Type("A"), sample.Docs, [new MarkdownFile("docs/page.md", page)]);
    }
}
