namespace AsyncKit.Tests;

/// <summary>The array of results: the contract over every kind of source, in both worlds.</summary>
public static class FanOutSources
{
    public sealed class Array(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.Array), World.Threads, leaks);

    public sealed class ArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.Array), World.Scheduled, leaks);

    public sealed class ArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Async(SourceKind.Array), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);
    }

    public sealed class List(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.List), World.Threads, leaks);

    public sealed class ListScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.List), World.ScheduledBriefly, leaks);

    public sealed class ListThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Async(SourceKind.List), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);
    }

    public sealed class ImmutableArray(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ImmutableArray), World.Threads, leaks);

    public sealed class ImmutableArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

    public sealed class ImmutableArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Async(SourceKind.ImmutableArray), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);
    }

    public sealed class LazyEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.LazyEnumerable), World.Threads, leaks);

    public sealed class LazyEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

    public sealed class LazyEnumerableThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Async(SourceKind.LazyEnumerable), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);

        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public sealed class AsyncEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), World.Threads, leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), World.Scheduled, leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);

        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public sealed class ChannelReader(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ChannelReader), World.Threads, leaks);

    public sealed class ChannelReaderScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);

    public sealed class ChannelReaderThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Async(SourceKind.ChannelReader), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);

        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public sealed class Tasks(NothingLeftBehind leaks)
        : FanOutTaskContract(SourceKind.LazyEnumerable, World.Threads, leaks);

    public sealed class TasksScheduled(NothingLeftBehind leaks)
        : FanOutTaskContract(SourceKind.LazyEnumerable, World.Scheduled, leaks);
}
