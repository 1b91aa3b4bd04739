using System.Collections.Immutable;
using System.Threading.Channels;

namespace AsyncKit.Tests;

/// <summary>The kinds of sources; each runs the whole contract.</summary>
public static class FanOutSources
{
    public sealed class Array(NothingLeftBehind leaks) : OfEnumerable(leaks)
    {
        protected override bool IsPulled => false;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.ToArray();
    }

    public sealed class List(NothingLeftBehind leaks) : OfEnumerable(leaks)
    {
        protected override bool IsPulled => false;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.ToList();
    }

    public sealed class ImmutableArray(NothingLeftBehind leaks) : OfEnumerable(leaks)
    {
        protected override bool IsPulled => false;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.ToImmutableArray();
    }

    public sealed class LazyEnumerable(NothingLeftBehind leaks) : OfEnumerable(leaks)
    {
        protected override bool IsPulled => true;

        protected override IEnumerable<T> Create<T>(IEnumerable<T> items) => items.Where(_ => true);

        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public sealed class AsyncEnumerable(NothingLeftBehind leaks) : OfAsyncEnumerable(leaks)
    {
        protected override bool IsPulled => true;

        protected override IAsyncEnumerable<T> Create<T>(IEnumerable<T> items) => AsAsync(items);

        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public sealed class ChannelReader(NothingLeftBehind leaks) : OfAsyncEnumerable(leaks)
    {
        protected override bool IsPulled => true;

        protected override int Ahead => ChannelCapacity + 2;

        protected override IAsyncEnumerable<T> Create<T>(IEnumerable<T> items) => ReadFrom(items, CancellationToken.None);

        [Fact]
        public Task Live_objects_are_O_limit_not_O_items() => AssertLiveObjectsAreOfTheLimitAsync();
    }

    public abstract class OfEnumerable(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected abstract IEnumerable<T> Create<T>(IEnumerable<T> items);

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);
    }

    public abstract class OfAsyncEnumerable(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected abstract IAsyncEnumerable<T> Create<T>(IEnumerable<T> items);

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            Create(items).FanOutAsync(options, operation, cancellationToken);
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
        var channel = Channel.CreateBounded<T>(ChannelCapacity);
        var writing = WriteAsync();
        await foreach (var item in channel.Reader.ReadAllAsync(cancellationToken))
        {
            yield return item;
        }

        await writing;

        async Task WriteAsync()
        {
            await Task.Yield();
            foreach (var item in items)
            {
                await channel.Writer.WriteAsync(item, cancellationToken);
            }

            channel.Writer.Complete();
        }
    }
}
