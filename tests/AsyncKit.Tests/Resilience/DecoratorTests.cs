namespace AsyncKit.Tests;

/// <summary>Both decorators return the delegate type of their operation, which fits a fan-out without a cast.</summary>
public sealed class DecoratorTests : IClassFixture<NothingLeftBehind>
{
    private static readonly int[] Items = [1, 2, 3];
    private static readonly int[] Doubled = [2, 4, 6];
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly DeadlineOptions Limited = new() { Limit = Minute, GracePeriod = Minute };
    private static readonly RetryOptions NoDelay = new() { Backoff = Backoff.None };

    private readonly HashSet<int> _failed = [];

    [Fact]
    public async Task Decorators_keep_the_type_of_a_ValueTask_operation_with_a_result()
    {
        Func<int, CancellationToken, ValueTask<int>> operation = async (x, ct) => await FailsOnceAsync(x, ct);

        Func<int, CancellationToken, ValueTask<int>> retried = operation.WithRetry(NoDelay);
        Assert.Equal(Doubled, await Items.FanOutAsync(2, operation.WithTimeout(Minute).WithRetry(NoDelay)));
        Assert.Equal(Doubled, await Items.FanOutAsync(2, retried.WithTimeout(Limited)));
    }

    [Fact]
    public async Task Decorators_keep_the_type_of_a_Task_operation_with_a_result()
    {
        Func<int, CancellationToken, Task<int>> operation = FailsOnceAsync;

        Func<int, CancellationToken, Task<int>> retried = operation.WithRetry(NoDelay);
        Assert.Equal(Doubled, await Items.FanOutAsync(2, operation.WithTimeout(Minute).WithRetry(NoDelay)));
        Assert.Equal(Doubled, await Items.FanOutAsync(2, retried.WithTimeout(Limited)));
    }

    [Fact]
    public async Task Decorators_keep_the_type_of_a_ValueTask_operation()
    {
        Func<int, CancellationToken, ValueTask> operation = async (x, ct) => _ = await FailsOnceAsync(x, ct);

        Func<int, CancellationToken, ValueTask> retried = operation.WithRetry(NoDelay);
        await Items.FanOutAsync(2, operation.WithTimeout(Minute).WithRetry(NoDelay));
        await Items.FanOutAsync(2, retried.WithTimeout(Limited));
        Assert.Equal(3, _failed.Count);
    }

    [Fact]
    public async Task Decorators_keep_the_type_of_a_Task_operation()
    {
        Func<int, CancellationToken, Task> operation = async (x, ct) => await FailsOnceAsync(x, ct);

        Func<int, CancellationToken, Task> retried = operation.WithRetry(NoDelay);
        await Items.FanOutAsync(2, operation.WithTimeout(Minute).WithRetry(NoDelay));
        await Items.FanOutAsync(2, retried.WithTimeout(Limited));
        Assert.Equal(3, _failed.Count);
    }

    [Fact]
    public async Task Async_lambdas_and_method_groups_compile_without_a_cast()
    {
        int fromLambda = await Deadline.RunAsync(
            async ct =>
            {
                await Task.Yield();
                return 1;
            },
            Minute);
        await Deadline.RunAsync(async ct => await Task.Yield(), Minute);
        await Deadline.RunAsync(ct => Task.Delay(1, ct), Limited);
        await Deadline.RunAsync(ReturnsPlainTaskAsync, Minute);
        await Deadline.RunAsync(ReturnsPlainValueTaskAsync, Limited);
        int fromTask = await Deadline.RunAsync(ReturnsTaskAsync, Minute);
        int fromValueTask = await Deadline.RunAsync(ReturnsValueTaskAsync, Limited);
        int retriedLambda = await Retry.RunAsync(async ct =>
        {
            await Task.Yield();
            return 1;
        });
        await Retry.RunAsync(async ct => await Task.Yield(), NoDelay);
        await Retry.RunAsync(ReturnsPlainTaskAsync, NoDelay, CancellationToken.None);
        await Retry.RunAsync(ReturnsPlainValueTaskAsync);
        int retriedTask = await Retry.RunAsync(ReturnsTaskAsync, NoDelay);
        int retriedValueTask = await Retry.RunAsync(ReturnsValueTaskAsync);

        Assert.Equal(7 + 1, fromLambda + fromTask + fromValueTask + retriedLambda + retriedTask + retriedValueTask + 2);
    }

    [Fact]
    public async Task A_decorated_operation_throws_the_exceptions_of_its_decorator()
    {
        Func<int, CancellationToken, Task> hangs = (_, ct) => Task.Delay(Timeout.Infinite, ct);
        Func<int, CancellationToken, ValueTask> hangsToo = async (_, ct) => await Task.Delay(Timeout.Infinite, ct);
        Func<int, CancellationToken, Task<int>> fails = (_, _) => throw new TimeoutException("own");
        var shortLimit = TimeSpan.FromMilliseconds(1);

        await Assert.ThrowsAsync<TimeoutException>(() => Items.FanOutAsync(2, hangs.WithTimeout(shortLimit)).OrHangs());
        await Assert.ThrowsAsync<TimeoutException>(() => Items.FanOutAsync(
            2, hangsToo.WithTimeout(new DeadlineOptions { Limit = shortLimit })).OrHangs());
        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            () => Items.FanOutAsync(2, fails.WithRetry(NoDelay)).OrHangs());
        Assert.Equal(("own", 4), (thrown.Message, thrown.Data["AsyncKit.Attempts"]));
    }

    [Fact]
    public void A_null_argument_or_negative_limit_is_rejected_by_the_decorator()
    {
        Func<int, CancellationToken, ValueTask<int>> missing = null!;
        Func<int, CancellationToken, Task> operation = (_, _) => Task.CompletedTask;

        Assert.Equal("operation", Assert.Throws<ArgumentNullException>(() => missing.WithRetry()).ParamName);
        Assert.Equal("operation", Assert.Throws<ArgumentNullException>(() => missing.WithTimeout(Minute)).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentNullException>(
            () => operation.WithTimeout((DeadlineOptions)null!)).ParamName);
        Assert.Equal("limit", Assert.Throws<ArgumentOutOfRangeException>(
            () => operation.WithTimeout(-Minute)).ParamName);
    }

    private static Task ReturnsPlainTaskAsync(CancellationToken token) => Task.CompletedTask;

    private static ValueTask ReturnsPlainValueTaskAsync(CancellationToken token) => default;

    private static Task<int> ReturnsTaskAsync(CancellationToken token) => Task.FromResult(1);

    private static ValueTask<int> ReturnsValueTaskAsync(CancellationToken token) => new(1);

    private async Task<int> FailsOnceAsync(int item, CancellationToken token)
    {
        await Task.Yield();
        bool isFirst;
        lock (_failed)
        {
            isFirst = _failed.Add(item);
        }

        return isFirst ? throw new TimeoutException() : item * 2;
    }
}
