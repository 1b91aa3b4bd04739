using System.Collections.Immutable;
using System.Threading.Channels;

namespace AsyncKit.Tests;

/// <summary>The kinds of sources; each runs the whole contract, in both worlds.</summary>
public static class FanOutSources
{
    public sealed class Array(NothingLeftBehind leaks) : FanOutContract(new OfArray(), World.Threads, leaks);

    public sealed class ArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new OfArray(), World.Scheduled, leaks);

    public sealed class ArrayThreads(NothingLeftBehind leaks) : FanOutThreadContract(new OfArray(), leaks);

    public sealed class List(NothingLeftBehind leaks) : FanOutContract(new OfList(), World.Threads, leaks);

    public sealed class ListScheduled(NothingLeftBehind leaks)
        : FanOutContract(new OfList(), World.Scheduled, leaks);

    public sealed class ListThreads(NothingLeftBehind leaks) : FanOutThreadContract(new OfList(), leaks);

    public sealed class ImmutableArray(NothingLeftBehind leaks) : FanOutContract(new OfImmutableArray(), World.Threads, leaks);

    public sealed class ImmutableArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new OfImmutableArray(), World.Scheduled, leaks);

    public sealed class ImmutableArrayThreads(NothingLeftBehind leaks) : FanOutThreadContract(new OfImmutableArray(), leaks);

    public sealed class LazyEnumerable(NothingLeftBehind leaks) : FanOutContract(new OfLazyEnumerable(), World.Threads, leaks);

    public sealed class LazyEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new OfLazyEnumerable(), World.Scheduled, leaks);

    public sealed class LazyEnumerableThreads(NothingLeftBehind leaks) : FanOutThreadContract(new OfLazyEnumerable(), leaks)
    {
        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public sealed class AsyncEnumerable(NothingLeftBehind leaks) : FanOutContract(new OfAsyncEnumerable(), World.Threads, leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new OfAsyncEnumerable(), World.Scheduled, leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks) : FanOutThreadContract(new OfAsyncEnumerable(), leaks)
    {
        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public sealed class ChannelReader(NothingLeftBehind leaks) : FanOutContract(new OfChannelReader(), World.Threads, leaks);

    public sealed class ChannelReaderScheduled(NothingLeftBehind leaks)
        : FanOutContract(new OfChannelReader(), World.Scheduled, leaks);

    public sealed class ChannelReaderThreads(NothingLeftBehind leaks) : FanOutThreadContract(new OfChannelReader(), leaks)
    {
        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    private sealed class OfArray : OverEnumerable
    {
        public override bool IsPulled => false;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.ToArray();
    }

    private sealed class OfList : OverEnumerable
    {
        public override bool IsPulled => false;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.ToList();
    }

    private sealed class OfImmutableArray : OverEnumerable
    {
        public override bool IsPulled => false;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.ToImmutableArray();
    }

    private sealed class OfLazyEnumerable : OverEnumerable
    {
        public override bool IsPulled => true;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.Where(_ => true);
    }

    private sealed class OfAsyncEnumerable : OverAsyncEnumerable
    {
        public override bool IsPulled => true;

        protected override IAsyncEnumerable<T> Create<T>(IEnumerable<T> items) => AsAsync(items);
    }

    private sealed class OfChannelReader : OverAsyncEnumerable
    {
        public override bool IsPulled => true;

        public override int Ahead => ChannelCapacity + 2;

        protected override IAsyncEnumerable<T> Create<T>(IEnumerable<T> items) => ReadFrom(items, CancellationToken.None);
    }

    private abstract class OverEnumerable : FanOutSubject
    {
        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);

        protected abstract IEnumerable<T> Create<T>(IEnumerable<T> items);
    }

    private abstract class OverAsyncEnumerable : FanOutSubject
    {
        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);

        protected abstract IAsyncEnumerable<T> Create<T>(IEnumerable<T> items);
    }

    private const int ChannelCapacity = 4;

    private static async IAsyncEnumerable<T> AsAsync<T>(IEnumerable<T> items)
    {
        var count = 0;
        foreach (var item in items)
        {
            if (++count % 3 == 0)
            {
                await Task.Yield();
            }

            yield return item;
        }
    }

    private static async IAsyncEnumerable<T> ReadFrom<T>(
        IEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var leaving = new CancellationTokenSource();
        var channel = Channel.CreateBounded<T>(ChannelCapacity);
        var writing = WriteAsync();
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            await leaving.CancelAsync(); // Whoever leaves early does not leave the writer waiting.
            await writing;
        }

        async Task WriteAsync()
        {
            await Task.Yield();
            try
            {
                foreach (var item in items)
                {
                    await channel.Writer.WriteAsync(item, leaving.Token);
                }

                channel.Writer.Complete();
            }
            catch (OperationCanceledException)
            {
                // The reader has left.
            }
        }
    }
}
