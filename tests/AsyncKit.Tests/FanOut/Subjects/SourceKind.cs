using System.Collections.Immutable;
using System.Threading.Channels;

namespace AsyncKit.Tests;

/// <summary>A kind of source that holds the items of a test.</summary>
public abstract class SourceKind
{
    private const int ChannelCapacity = 4;

    public static SourceKind Array { get; } = new OfEnumerable(isPulled: false, new ToArray());

    public static SourceKind List { get; } = new OfEnumerable(isPulled: false, new ToList());

    public static SourceKind ImmutableArray { get; } = new OfEnumerable(isPulled: false, new ToImmutableArray());

    public static SourceKind LazyEnumerable { get; } = new OfEnumerable(isPulled: true, new ToLazy());

    public static SourceKind AsyncEnumerable { get; } = new OfAsyncEnumerable();

    public static SourceKind ChannelReader { get; } = new OfChannel();

    public static SourceKind Queue { get; } = new OfQueue();

    /// <summary>True if items are pulled one by one during the run, so that the source may be endless.</summary>
    public abstract bool IsPulled { get; }

    /// <summary>The number of items that the source may buffer beyond those that the run pulled.</summary>
    public virtual int Ahead => 0;

    /// <summary>Creates the source and calls the overload for it.</summary>
    public abstract TOut Over<T, TOut>(
        IEnumerable<T> items, Func<IEnumerable<T>, TOut> enumerable, Func<IAsyncEnumerable<T>, TOut> asyncEnumerable);

    private abstract class Converter
    {
        public abstract IEnumerable<T> Convert<T>(IEnumerable<T> items);
    }

    private sealed class ToArray : Converter
    {
        public override IEnumerable<T> Convert<T>(IEnumerable<T> items) => items.ToArray();
    }

    private sealed class ToList : Converter
    {
        public override IEnumerable<T> Convert<T>(IEnumerable<T> items) => items.ToList();
    }

    private sealed class ToImmutableArray : Converter
    {
        public override IEnumerable<T> Convert<T>(IEnumerable<T> items) => items.ToImmutableArray();
    }

    private sealed class ToLazy : Converter
    {
        public override IEnumerable<T> Convert<T>(IEnumerable<T> items) => items.Where(_ => true);
    }

    private sealed class OfEnumerable(bool isPulled, Converter converter) : SourceKind
    {
        public override bool IsPulled => isPulled;

        public override TOut Over<T, TOut>(
            IEnumerable<T> items,
            Func<IEnumerable<T>, TOut> enumerable,
            Func<IAsyncEnumerable<T>, TOut> asyncEnumerable) => enumerable(converter.Convert(items));
    }

    private sealed class OfAsyncEnumerable : SourceKind
    {
        public override bool IsPulled => true;

        public override TOut Over<T, TOut>(
            IEnumerable<T> items,
            Func<IEnumerable<T>, TOut> enumerable,
            Func<IAsyncEnumerable<T>, TOut> asyncEnumerable) => asyncEnumerable(AsAsync(items));

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
    }

    private sealed class OfQueue : SourceKind
    {
        public override bool IsPulled => false; // The queue holds its first items.

        public override TOut Over<T, TOut>(
            IEnumerable<T> items,
            Func<IEnumerable<T>, TOut> enumerable,
            Func<IAsyncEnumerable<T>, TOut> asyncEnumerable) =>
            asyncEnumerable((items as QueuedItems<T>)?.Queue ?? new FanOutQueue<T>(items));
    }

    private sealed class OfChannel : SourceKind
    {
        public override bool IsPulled => true;

        public override int Ahead => ChannelCapacity + 2;

        public override TOut Over<T, TOut>(
            IEnumerable<T> items,
            Func<IEnumerable<T>, TOut> enumerable,
            Func<IAsyncEnumerable<T>, TOut> asyncEnumerable) =>
            asyncEnumerable(ReadFrom(items, CancellationToken.None));

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
                await leaving.CancelAsync(); // A reader that leaves early must not leave the writer waiting.
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
                    // The reader left.
                }
            }
        }
    }
}
