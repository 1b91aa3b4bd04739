using System.Collections.Immutable;
using System.Threading.Channels;

namespace AsyncKit.Tests;

/// <summary>The kinds of sources; each runs the whole contract.</summary>
public static class FanOutSources
{
    public sealed class Array(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected override bool IsPulled => false;

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            items.ToArray().FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            items.ToArray().FanOutAsync(options, operation, cancellationToken);
    }

    public sealed class List(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected override bool IsPulled => false;

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            items.ToList().FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            items.ToList().FanOutAsync(options, operation, cancellationToken);
    }

    public sealed class ImmutableArray(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected override bool IsPulled => false;

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            items.ToImmutableArray().FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            items.ToImmutableArray().FanOutAsync(options, operation, cancellationToken);
    }

    public sealed class LazyEnumerable(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected override bool IsPulled => true;

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            items.Where(_ => true).FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            items.Where(_ => true).FanOutAsync(options, operation, cancellationToken);
    }

    public sealed class AsyncEnumerable(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected override bool IsPulled => true;

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            AsAsync(items).FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            AsAsync(items).FanOutAsync(options, operation, cancellationToken);
    }

    public sealed class ChannelReader(NothingLeftBehind leaks) : FanOutContract(leaks)
    {
        protected override bool IsPulled => true;

        protected override int Ahead => ChannelCapacity + 2;

        protected override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            ReadFrom(items, CancellationToken.None).FanOutAsync(options, operation, cancellationToken);

        protected override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken = default) =>
            ReadFrom(items, CancellationToken.None).FanOutAsync(options, operation, cancellationToken);
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
