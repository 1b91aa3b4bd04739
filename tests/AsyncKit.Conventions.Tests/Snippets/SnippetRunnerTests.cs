namespace AsyncKit.Conventions.Tests;

[Collection(ConsoleTests.Name)]
public sealed class SnippetRunnerTests
{
    [Fact]
    public async Task A_program_that_prints_what_the_page_says_is_right() =>
        Assert.Null(await FaultAsync("""
            int[] numbers = [1, 2, 3];
            var doubled = await numbers.FanOutAsync(2, async (number, token) =>
            {
                await Task.Yield();
                return number * 2;
            });
            Console.WriteLine(string.Join(", ", doubled));
            """, "2, 4, 6"));

    [Fact]
    public async Task A_program_without_an_output_block_may_print_anything() =>
        Assert.Null(await FaultAsync("Console.WriteLine(Guid.NewGuid());", output: null));

    [Fact]
    public async Task A_using_of_the_library_is_allowed() =>
        Assert.Null(await FaultAsync("using AsyncKit;\nreturn 0;", output: null));

    [Fact]
    public async Task A_program_that_does_not_compile_is_reported_with_its_line()
    {
        var fault = await FaultAsync("Console.WriteLine(1);\nConsole.WriteLine(unknown);", output: null);

        Assert.StartsWith("page.md:5: CS0103: ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_without_statements_is_reported()
    {
        var fault = await FaultAsync("class Nothing;", output: null);

        Assert.StartsWith("page.md:3: CS5001: ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_output_is_reported_with_both()
    {
        var fault = await FaultAsync("Console.WriteLine(2);", "1");

        Assert.StartsWith("page.md:7: ", fault, StringComparison.Ordinal);
        Assert.Contains("- 1\n+ 2", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_that_is_missing_is_reported() =>
        Assert.Contains("- 1", await FaultAsync("_ = 2;", "1"), StringComparison.Ordinal);

    [Theory]
    [InlineData("throw new InvalidOperationException(\"broken\");")]
    [InlineData("await Task.Yield(); throw new InvalidOperationException(\"broken\");")]
    public async Task A_program_that_throws_is_reported_with_what_it_printed(string code)
    {
        var fault = await FaultAsync("Console.WriteLine(\"before\");\n" + code, "before");

        Assert.StartsWith("page.md:3: ", fault, StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException: broken", fault, StringComparison.Ordinal);
        Assert.EndsWith("before" + Environment.NewLine, fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_fails_by_its_exit_code_is_reported() =>
        Assert.Contains("returned 3", await FaultAsync("return 3;", output: null), StringComparison.Ordinal);

    [Fact]
    public async Task A_program_that_does_not_end_is_reported()
    {
        var page = Page("await new TaskCompletionSource().Task;", output: null);

        var fault = await SnippetRunner.FaultAsync(page.Blocks[0], null, limit: TimeSpan.FromMilliseconds(1));

        Assert.Contains("still runs", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_console_is_restored()
    {
        var console = Console.Out;

        _ = await FaultAsync("throw new Exception();", output: null);

        Assert.Same(console, Console.Out);
    }

    private static Task<string?> FaultAsync(string code, string? output)
    {
        var page = Page(code, output);
        return SnippetRunner.FaultAsync(page.Blocks[0], page.OutputOf(page.Blocks[0]), SnippetRunner.Limit);
    }

    private static MarkdownFile Page(string code, string? output) => new(
        "page.md", $"# Page\n\n```csharp\n{code}\n```\n\n" + (output is null ? "" : $"```text\n{output}\n```\n"));
}
