using System.Diagnostics;

namespace AsyncKit.RabbitMQ;

/// <summary>An item that waits for its reply.</summary>
/// <remarks>Invariant: the item is published at most once per link, by the thread that claims it for the
/// link.</remarks>
internal sealed class Call(string id, string operation, byte[] body, Activity? span)
{
    private readonly TaskCompletionSource<Reply> _completion = AsyncEnvironment.NewCompletion<Reply>();
    private int _claimed; // The number of the link that the item was last claimed for.
    private int _confirmed = -1; // The number of the link on which it was confirmed.
    private int _isCompleted;

    public string Id { get; } = id;

    public string Operation { get; } = operation;

    public string Queue { get; } = Topology.QueueOf(operation);

    public byte[] Body { get; } = body;

    public Activity? Span { get; } = span;

    /// <summary>The broker has the item of the last claim. Only the loss of the reply queue makes it necessary to
    /// publish it again.</summary>
    public bool IsConfirmed => Volatile.Read(ref _confirmed) == Volatile.Read(ref _claimed);

    public bool IsCompleted => Volatile.Read(ref _isCompleted) != 0;

    public Task<Reply> Task => _completion.Task;

    /// <summary>Claims the item for a link.</summary>
    /// <param name="link">The number of the link.</param>
    /// <param name="wasPublished">Whether an earlier link had it.</param>
    /// <returns>False if it was claimed for this link or a later one.</returns>
    public bool TryClaim(int link, out bool wasPublished)
    {
        while (true)
        {
            var previous = Volatile.Read(ref _claimed);
            wasPublished = previous > 0;
            if (previous >= link)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _claimed, link, previous) == previous)
            {
                return true;
            }
        }
    }

    public void Confirm(int link) => Volatile.Write(ref _confirmed, link);

    public bool TryComplete(Reply reply)
    {
        var isFirst = Interlocked.Exchange(ref _isCompleted, 1) == 0;
        if (isFirst)
        {
            AsyncEnvironment.Complete(_completion, reply);
        }

        return isFirst;
    }

    public bool TryFail(Exception exception)
    {
        var isFirst = Interlocked.Exchange(ref _isCompleted, 1) == 0;
        if (isFirst)
        {
            AsyncEnvironment.Fail(_completion, exception);
        }

        return isFirst;
    }

    public bool TryCancel(CancellationToken token)
    {
        var isFirst = Interlocked.Exchange(ref _isCompleted, 1) == 0;
        if (isFirst)
        {
            AsyncEnvironment.Cancel(_completion, token);
        }

        return isFirst;
    }
}
