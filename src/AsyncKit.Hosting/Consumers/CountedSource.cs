using System.Runtime.CompilerServices;

namespace AsyncKit.Hosting;

/// <summary>Counts the items that a source yields. Those without an outcome left the source and did not start.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <remarks>Lifetime: one for each run, which enumerates it once. The count is read after the run.</remarks>
internal sealed class CountedSource<T>(IAsyncEnumerable<T> source) : IAsyncEnumerable<T>
{
    public long Count { get; private set; }

    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        source.GetAsyncEnumerator(cancellationToken) is { } items ? new Enumerator(this, items) : null!;

    private sealed class Enumerator(CountedSource<T> counted, IAsyncEnumerator<T> items) : IAsyncEnumerator<T>
    {
        public T Current => items.Current;

        public ValueTask<bool> MoveNextAsync()
        {
            var pull = items.MoveNextAsync();
            return pull.IsCompleted ? new(Count(pull.Completed())) : AwaitAsync(pull);
        }

        public ValueTask DisposeAsync() => items.DisposeAsync();

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<bool> AwaitAsync(ValueTask<bool> pull) => Count(await pull.NoContext());

        private bool Count(bool hasNext)
        {
            counted.Count += hasNext ? 1 : 0;
            return hasNext;
        }
    }
}
