using System.Collections;

namespace AsyncKit.Tests;

/// <summary>A queue as the items of a subject of the kind <see cref="SourceKind.Queue"/>.</summary>
public sealed class QueuedItems<T>(FanOutQueue<T> queue) : IEnumerable<T>
{
    public FanOutQueue<T> Queue => queue;

    public IEnumerator<T> GetEnumerator() => throw new NotSupportedException("The queue is the source.");

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
