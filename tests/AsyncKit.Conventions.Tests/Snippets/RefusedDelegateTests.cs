namespace AsyncKit.Conventions.Tests;

/// <summary>Async delegates for blocking work do not compile, and everything that is to compile does.</summary>
public sealed class RefusedDelegateTests
{
    private const string Setup = """
        await using var lane = new BlockingLane(new BlockingLaneOptions { MaxThreads = 1 });
        using var source = new CancellationTokenSource();
        var (items, options) = (new[] { 1 }, new FanOutOptions { MaxConcurrency = 1 });
        static async Task NothingAsync() => await Task.Yield();
        static async Task<int> OneAsync() { await Task.Yield(); return 1; }
        static int One() => 1;
        static void Nothing() { }

        """;

    [Theory]
    [InlineData("lane.RunAsync(async () => { await Task.Yield(); });")]
    [InlineData("lane.RunAsync(async () => { await Task.Yield(); return 1; });")]
    [InlineData("lane.RunAsync(() => NothingAsync());")]
    [InlineData("lane.RunAsync(NothingAsync, source.Token);")]
    [InlineData("lane.RunAsync(OneAsync);")]
    [InlineData("lane.RunAsync(async token => { await Task.Delay(1, token); }, source.Token);")]
    [InlineData("lane.RunAsync(token => Task.Delay(1, token), OnCancel.Abandon, source.Token);")]
    [InlineData("Offload.RunAsync(async () => await OneAsync());")]
    [InlineData("Offload.RunAsync(OneAsync, OnCancel.Interrupt);")]
    [InlineData("items.FanOutBlockingAsync(lane, async (item, token) => { await Task.Delay(item, token); });")]
    [InlineData("items.FanOutBlockingAsync(lane, options, async (item, token) => await OneAsync());")]
    [InlineData("items.FanOutBlockingAsync(2, (item, token) => OneAsync());")]
    [InlineData("lane.Enumerate(items).FanOutBlockingAsync(2, (item, token) => OneAsync());")]
    public void An_async_delegate_does_not_compile_and_the_error_says_why(string call)
    {
        var (image, faults) = Compile(call);

        Assert.Null(image);
        Assert.Contains("CS0619", faults, StringComparison.Ordinal);
        Assert.Contains("A lane is for blocking work.", faults, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Task<int> task = lane.RunAsync(() => 1);")]
    [InlineData("Task<int> task = lane.RunAsync(One, source.Token);")]
    [InlineData("Task<int> task = lane.RunAsync(token => One(), OnCancel.Abandon, source.Token);")]
    [InlineData("Task task = lane.RunAsync(Nothing, OnCancel.Interrupt);")]
    [InlineData("Task task = lane.RunAsync(token => token.ThrowIfCancellationRequested(), source.Token);")]
    [InlineData("Task task = lane.RunAsync(() => throw new InvalidOperationException());")]
    [InlineData("Task<int> task = lane.RunAsync<int>(() => throw new InvalidOperationException());")]
    [InlineData("Task<int[]> task = items.FanOutBlockingAsync(lane, (item, token) => item);")]
    [InlineData("Task<int[]> task = lane.Enumerate(items).FanOutBlockingAsync(lane, options, (item, token) => item);")]
    [InlineData("Task task = items.FanOutBlockingAsync(2, (item, token) => Nothing());")]
    [InlineData("Task<string> task = Offload.RunAsync(() => File.ReadAllText(\"a\"));")]
    public void A_blocking_delegate_compiles(string call) => Assert.Equal("", Compile(call).Faults);

    private static (byte[]? Image, string Faults) Compile(string call) =>
        SnippetCompiler.Compile(new MarkdownBlock("call", 1, "csharp", Setup + call, IsClosed: true));
}
