namespace AsyncKit.Tests;

/// <summary>A stream in the order of completion: the contract over every kind of source, in both worlds.</summary>
public static class FanOutStreamByCompletionSources
{
    public sealed class Array(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.Array, FanOutOrder.Completion), World.Threads, leaks);

    public sealed class ArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.Array, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class ArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Streamed(SourceKind.Array, FanOutOrder.Completion), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);
    }

    public sealed class List(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Completion), World.Threads, leaks);

    public sealed class ListScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class ListThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Completion), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);
    }

    public sealed class ImmutableArray(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ImmutableArray, FanOutOrder.Completion), World.Threads, leaks);

    public sealed class ImmutableArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ImmutableArray, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class ImmutableArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Streamed(SourceKind.ImmutableArray, FanOutOrder.Completion), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);
    }

    public sealed class LazyEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Completion), World.Threads, leaks);

    public sealed class LazyEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class LazyEnumerableThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Completion), leaks)
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
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Completion), World.Threads, leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Completion), leaks)
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
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ChannelReader, FanOutOrder.Completion), World.Threads, leaks);

    public sealed class ChannelReaderScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ChannelReader, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class ChannelReaderThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Streamed(SourceKind.ChannelReader, FanOutOrder.Completion), leaks)
    {
        [Theory]
        [InlineData(10)]
        [InlineData(1_000_000)]
        public Task Cancelling_costs_the_same_whether_ten_or_a_million_items_wait(int count) =>
            AssertCancellingCostsNothingPerItemAsync(count);

        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }
}
