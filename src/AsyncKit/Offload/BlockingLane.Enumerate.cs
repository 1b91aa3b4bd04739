using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Blocking sequences.</content>
public sealed partial class BlockingLane
{
    /// <summary>
    /// Enumerates a blocking sequence on the lane's threads and hands its items out as they come: a directory tree, the rows
    /// of a synchronous reader, the lines of a file.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="blockingSequence">Enumerated once for each enumeration of the stream. One thread at a time, not always
    /// the same one: the enumerator must not depend on its thread.</param>
    /// <param name="cancellationToken">Stops the enumeration, as does the token given to the enumeration of the
    /// stream.</param>
    /// <returns>A stream. It begins when its first item is asked for, each enumeration by itself.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="blockingSequence"/> is null; thrown at the call.</exception>
    /// <exception cref="OperationCanceledException">From the enumeration: a token was cancelled, or the lane was disposed
    /// meanwhile.</exception>
    /// <exception cref="BlockingLaneFullException">From the enumeration: the lane is full and rejects.</exception>
    /// <exception cref="ObjectDisposedException">From the enumeration: the lane is disposed.</exception>
    /// <remarks>
    /// At most 64 items are read ahead. The enumerator is made, moved and disposed on the lane. When the reader is slow the
    /// thread is given back, and comes back when half of the items are read: a slow reader holds no thread. What the sequence
    /// throws is thrown after the items before it. Leaving early, or a cancelled token, waits for the MoveNext that runs,
    /// then disposes the enumerator; what fails from then on is not told. Cost: a channel for each enumeration; one work item
    /// of the lane for 32 items or more; nothing per item.
    /// </remarks>
    public IAsyncEnumerable<T> Enumerate<T>(
        IEnumerable<T> blockingSequence, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(blockingSequence);
        return ReadAsync(blockingSequence, cancellationToken);
    }

    private async IAsyncEnumerable<T> ReadAsync<T>(
        IEnumerable<T> sequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var feed = new LaneEnumeration<T>(this, sequence);
        try
        {
            while (await feed.WaitAsync(cancellationToken).NoContext())
            {
                while (feed.TryRead(out var item))
                {
                    yield return item;
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            await feed.StopAsync().NoContext();
        }
    }
}
