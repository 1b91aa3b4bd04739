using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>Async delegates are refused, and arguments are checked at the call.</summary>
public sealed class BlockingLaneRefusalTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Work_that_returns_a_task_is_refused_at_the_call()
    {
        await using var lane = Lanes.Of(1);

        AssertRefused(() => RunAsync<Task>(lane, () => Task.CompletedTask));
        AssertRefused(() => RunAsync<Task<int>>(lane, () => Task.FromResult(1)));
        AssertRefused(() => RunAsync<ValueTask>(lane, () => default));
        AssertRefused(() => RunAsync<ValueTask<int>>(lane, () => default));
        AssertRefused(() => new[] { 1 }.FanOutBlockingAsync<int, ValueTask>(lane, (_, _) => default));
        Assert.Equal(0, lane.Threads);
    }

    [Fact]
    public async Task Work_that_returns_a_task_as_something_else_is_refused_by_the_task_and_what_it_throws_is_observed()
    {
        await using var lane = Lanes.Of(1);

        await Assert.ThrowsAsync<ArgumentException>(
            () => lane.RunAsync<object>(() => Task.FromException(new FormatException("lost")))).OrHangs();
        await Assert.ThrowsAsync<ArgumentException>(() => lane.RunAsync<object>(() => new ValueTask<int>(1))).OrHangs();
        Assert.Equal("no task", await lane.RunAsync<object>(() => "no task").OrHangs());
    }

    /// <summary>That the compiler goes by them is a test of the conventions.</summary>
    [Theory]
    [InlineData(typeof(BlockingLane), "RunAsync", 4)]
    [InlineData(typeof(Offload), "RunAsync", 4)]
    [InlineData(typeof(FanOut), "FanOutBlockingAsync", 6)]
    public void Overloads_for_async_delegates_are_errors(Type type, string name, int count)
    {
        var refused = type.GetMethods().Where(method => string.Equals(method.Name, name, StringComparison.Ordinal)
            && method.GetCustomAttribute<ObsoleteAttribute>() is { IsError: true }).ToList();

        Assert.Equal(count, refused.Count);
        Assert.All(refused, method => Assert.Contains(
            method.GetGenericArguments()[^1].GetGenericParameterConstraints(), constraint => constraint == typeof(Task)));
        Assert.All(refused, method => Assert.IsType<ArgumentException>(Record.Exception(() => Call(method))?.InnerException));
    }

    [Fact]
    public async Task Arguments_are_checked_at_the_call()
    {
        await using var lane = Lanes.Of(1);

        Assert.Equal("options", Assert.Throws<ArgumentNullException>(() => new BlockingLane(null!)).ParamName);
        AssertNull("work", () => lane.RunAsync((Func<int>)null!));
        AssertNull("work", () => lane.RunAsync((Func<CancellationToken, int>)null!));
        AssertNull("work", () => lane.RunAsync((Action)null!));
        AssertNull("work", () => lane.RunAsync((Action<CancellationToken>)null!));
        AssertNull("work", () => Offload.RunAsync((Action)null!));
        AssertNull("blockingSequence", () => lane.Enumerate<int>(null!));
        AssertNull("source", () => ((int[])null!).FanOutBlockingAsync(lane, (_, _) => 1));
        AssertNull("lane", () => new[] { 1 }.FanOutBlockingAsync((BlockingLane)null!, (_, _) => 1));
        AssertNull("work", () => new[] { 1 }.FanOutBlockingAsync(lane, (Func<int, CancellationToken, int>)null!));
        AssertNull("work", () => new[] { 1 }.FanOutBlockingAsync(lane, (Action<int, CancellationToken>)null!));
        AssertNull("options", () => new[] { 1 }.FanOutBlockingAsync(lane, null!, (_, _) => 1));
        Assert.Equal(
            "onCancel",
            Assert.Throws<ArgumentOutOfRangeException>(() => { _ = lane.RunAsync(() => 1, (OnCancel)3); }).ParamName);
        Assert.Equal(
            "maxThreads",
            Assert.Throws<ArgumentOutOfRangeException>(() => { _ = new[] { 1 }.FanOutBlockingAsync(0, (_, _) => 1); }).ParamName);
    }

    private static Task<TResult> RunAsync<TResult>(BlockingLane lane, Func<TResult> work) => lane.RunAsync(work);

    private static void AssertRefused(Func<Task> call)
    {
        var thrown = Assert.Throws<ArgumentException>(() => { _ = call(); });
        Assert.Equal("work", thrown.ParamName);
        Assert.StartsWith("work must not return a task, but returns ", thrown.Message, StringComparison.Ordinal);
    }

    private static void AssertNull(string parameter, Func<object> call) =>
        Assert.Equal(parameter, Assert.Throws<ArgumentNullException>(() => { _ = call(); }).ParamName);

    private static void Call(MethodInfo method)
    {
        var types = method.GetGenericArguments().Select((_, index) =>
            index == method.GetGenericArguments().Length - 1 ? typeof(Task) : typeof(int)).ToArray();
        var lane = method.IsStatic ? null : RuntimeHelpers.GetUninitializedObject(typeof(BlockingLane));
        _ = method.MakeGenericMethod(types).Invoke(lane, [.. method.GetParameters().Select(parameter =>
            parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null)]);
    }
}
