using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers.Tests;

public sealed class LineDiffTests
{
    [Theory]
    [InlineData("a\nb\nc\n", "a\nb\nc\n", 0)]
    [InlineData("a\nb\nc\n", "a\nB\nc\n", 1)]
    [InlineData("a\nb\nc\n", "x\na\nb\nC\n", 2)]
    [InlineData("a\nb\nc\nd", "b\nd", 2)]
    [InlineData("a(1)\nb", "x\n\na(2)\nb", 2)]
    [InlineData("", "a\n", 1)]
    [InlineData("a", "", 1)]
    [InlineData("a\n\nb\n\nc", "a\nc\n\nb", 2)]
    public void The_changes_give_the_new_text(string before, string after, int count)
    {
        var changes = LineDiff.Between(SourceText.From(before), SourceText.From(after));

        Assert.Equal(after, SourceText.From(before).WithChanges(changes).ToString());
        Assert.Equal(count, changes.Count);
    }

    [Fact]
    public void Random_texts_become_each_other()
    {
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var (before, after) = (Text(random), Text(random));

            Assert.Equal(after, SourceText.From(before).WithChanges(LineDiff.Between(SourceText.From(before), SourceText.From(after))).ToString());
        }
    }

    [Fact]
    public void A_changed_line_leaves_the_rest_of_it()
    {
        var change = Assert.Single(LineDiff.Between(SourceText.From("one\n  two(3);\n"), SourceText.From("one\n  two(4);\n")));

        Assert.Equal(new TextChange(new TextSpan(10, 1), "4"), change);
    }

    private static string Text(Random random) =>
        string.Join('\n', Enumerable.Range(0, random.Next(12)).Select(_ => (char)('a' + random.Next(4))));
}
