namespace AsyncKit.Tests;

/// <summary>Every call shape of the documentation compiles without a cast and binds to the right overload.</summary>
public sealed class FanOutCallShapesTests : IClassFixture<NothingLeftBehind>
{
    private static readonly string[] Items = ["a", "bb", "ccc"];
    private static readonly int[] Lengths = [1, 2, 3];

    private static readonly FanOutOptions Options = new() { MaxConcurrency = 2 };

    private interface IClient
    {
        Task<int> GetAsync(string item);

        Task<int> GetAsync(string item, CancellationToken cancellationToken);

        Task<int> GetAsync(Uri item, CancellationToken cancellationToken);
    }

    [Fact]
    public async Task An_async_lambda_that_returns_a_value_produces_results()
    {
        int[] results = await Items.FanOutAsync(8, async (x, ct) =>
        {
            await Task.Yield();
            return x.Length;
        });

        Assert.Equal(Lengths, results);
    }

    [Fact]
    public async Task An_async_lambda_without_a_value_produces_no_results()
    {
        Task run = Items.FanOutAsync(8, async (x, ct) => await ReturnsPlainTaskAsync(x, ct));

        await run;
        Assert.IsNotType<Task<string[]>>(run);
    }

    [Fact]
    public async Task A_lambda_that_returns_a_task_produces_results()
    {
        int[] results = await Items.FanOutAsync(8, (x, ct) => ReturnsTaskAsync(x, ct));

        Assert.Equal(Lengths, results);
    }

    [Fact]
    public async Task A_lambda_that_only_throws_compiles() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Items.FanOutAsync(8, (x, ct) => throw new InvalidOperationException()));

    [Fact]
    public async Task An_overloaded_method_group_compiles()
    {
        IClient client = new Client();

        int[] results = await Items.FanOutAsync(8, client.GetAsync);

        Assert.Equal(Lengths, results);
    }

    [Fact]
    public async Task Each_of_the_four_delegate_shapes_compiles_as_a_method_group()
    {
        int[] fromTask = await Items.FanOutAsync(8, ReturnsTaskAsync);
        int[] fromValueTask = await Items.FanOutAsync(8, ReturnsValueTaskAsync);
        await Items.FanOutAsync(8, ReturnsPlainTaskAsync);
        await Items.FanOutAsync(8, ReturnsPlainValueTaskAsync);

        Assert.Equal(Lengths, fromTask);
        Assert.Equal(Lengths, fromValueTask);
    }

    [Fact]
    public async Task Each_of_the_four_delegate_shapes_compiles_as_a_delegate_with_options()
    {
        Func<string, CancellationToken, Task<int>> task = ReturnsTaskAsync;
        Func<string, CancellationToken, ValueTask<int>> valueTask = ReturnsValueTaskAsync;
        Func<string, CancellationToken, Task> plainTask = ReturnsPlainTaskAsync;
        Func<string, CancellationToken, ValueTask> plainValueTask = ReturnsPlainValueTaskAsync;
        var (listed, streamed) = (new List<string>(Items), new Both(Items));

        Assert.Equal(Lengths, await listed.FanOutAsync(Options, task));
        Assert.Equal(Lengths, await listed.FanOutAsync(Options, valueTask));
        await listed.FanOutAsync(Options, plainTask);
        await listed.FanOutAsync(Options, plainValueTask);
        Assert.Equal(Lengths, await streamed.FanOutAsync(Options, task));
        Assert.Equal(Lengths, await streamed.FanOutAsync(Options, valueTask, CancellationToken.None));
        await streamed.FanOutAsync(Options, plainTask);
        await streamed.FanOutAsync(Options, plainValueTask);
        await streamed.FanOutAsync(2, plainTask);
        await streamed.FanOutAsync(2, plainValueTask);
        Assert.Equal(Lengths, await streamed.FanOutAsync(2, task));
        Assert.Equal(Lengths, await streamed.FanOutAsync(2, valueTask));
    }

    [Fact]
    public async Task A_source_of_both_interfaces_is_read_as_an_async_enumerable()
    {
        var both = new Both(Items);

        int[] results = await both.FanOutAsync(8, async (x, ct) =>
        {
            await Task.Yield();
            return x.Length;
        });

        Assert.Equal(Lengths, results);
        Assert.True(both.WasStreamed);
    }

    [Fact]
    public async Task An_operation_that_returns_null_fails_the_run_with_an_error_that_says_so()
    {
        var withResult = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Items.FanOutAsync(2, NullOf<Task<int>>));
        var without = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Items.FanOutAsync(2, NullOf<Task>));

        Assert.Contains("returned null", withResult.Message, StringComparison.Ordinal);
        Assert.Contains("returned null", without.Message, StringComparison.Ordinal);
        Assert.NotNull(withResult.Data["AsyncKit.Index"]);
    }

    [Fact]
    public void Invalid_arguments_throw_at_the_call_with_parameter_rule_and_value()
    {
        AssertNull("source", () => ((string[])null!).FanOutAsync(1, ReturnsTaskAsync));
        AssertNull("source", () => ((Both)null!).FanOutAsync(1, ReturnsTaskAsync));
        AssertNull("options", () => Items.FanOutAsync((FanOutOptions)null!, ReturnsTaskAsync));
        AssertNull("operation", () => Items.FanOutAsync(1, (Func<string, CancellationToken, Task>)null!));
        AssertNull("operation", () => Items.FanOutAsync(1, (Func<string, CancellationToken, Task<int>>)null!));
        AssertNull("operation", () => Items.FanOutAsync(1, (Func<string, CancellationToken, ValueTask>)null!));
        AssertNull("operation", () => Items.FanOutAsync(1, (Func<string, CancellationToken, ValueTask<int>>)null!));
        var limit = Assert.Throws<ArgumentOutOfRangeException>(
            "maxConcurrency", () => { _ = Items.FanOutAsync(0, ReturnsTaskAsync); });

        Assert.Equal(0, limit.ActualValue);
        Assert.Contains("at least 1", limit.Message, StringComparison.Ordinal);
    }

    private static void AssertNull(string parameter, Func<Task> call) =>
        Assert.Throws<ArgumentNullException>(parameter, () => { _ = call(); });

    private static T NullOf<T>(string item, CancellationToken cancellationToken)
        where T : Task => null!;

    private static async Task<int> ReturnsTaskAsync(string item, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return item.Length;
    }

    private static async ValueTask<int> ReturnsValueTaskAsync(string item, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return item.Length;
    }

    private static async Task ReturnsPlainTaskAsync(string item, CancellationToken cancellationToken) =>
        await Task.Yield();

    private static async ValueTask ReturnsPlainValueTaskAsync(string item, CancellationToken cancellationToken) =>
        await Task.Yield();

    private sealed class Client : IClient
    {
        public Task<int> GetAsync(string item) => throw new NotSupportedException();

        public Task<int> GetAsync(string item, CancellationToken cancellationToken) => Task.FromResult(item.Length);

        public Task<int> GetAsync(Uri item, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Both(IReadOnlyList<string> items) : IEnumerable<string>, IAsyncEnumerable<string>
    {
        public bool WasStreamed { get; private set; }

        public async IAsyncEnumerator<string> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            WasStreamed = true;
            foreach (var item in items)
            {
                await Task.Yield();
                yield return item;
            }
        }

        public IEnumerator<string> GetEnumerator() => throw new NotSupportedException();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
