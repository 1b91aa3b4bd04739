namespace AsyncKit;

/// <summary>
/// Every failure of a fan-out that ran to its end: flat, in source order.
/// </summary>
/// <remarks>
/// <see cref="AggregateException.InnerExceptions"/> holds the exceptions of <see cref="Failures"/> in the same order
/// and after them, if the source or a cancellation callback failed as well, what those threw.
/// </remarks>
#pragma warning disable CA1032, MA0015 // Made by a fan-out only: an exception without its failures would be of no use.
public sealed class FanOutException : AggregateException
#pragma warning restore CA1032, MA0015
{
    internal FanOutException(IReadOnlyList<FanOutFailure> failures, IEnumerable<Exception> exceptions)
        : base(exceptions) => Failures = failures;

    /// <summary>Every item that failed, in source order.</summary>
    public IReadOnlyList<FanOutFailure> Failures { get; }

    /// <summary>How many failed and what the first of them said; the rest is in <see cref="Failures"/>.</summary>
    public override string Message
    {
        get
        {
            var others = InnerExceptions.Count - Failures.Count;
            var first = Failures is [var failure, ..]
                ? $"the first at index {failure.Index}: {MessageOf(failure.Exception)}"
                : MessageOf(InnerExceptions[0]);
            return (Failures.Count, others) switch
            {
                (0, _) => $"No item of the fan-out failed, but its source or a cancellation callback: {first}",
                (1, 0) => $"1 item of the fan-out failed, {first}",
                (_, 0) => $"{Failures.Count} items of the fan-out failed, {first}",
                _ => $"{Failures.Count} items of the fan-out and its source or a cancellation callback failed, {first}",
            };
        }
    }

    private static string MessageOf(Exception exception)
    {
        try
        {
            return exception.Message;
        }
        catch (Exception)
        {
            return exception.GetType().Name; // Message is virtual and may throw; this one must not.
        }
    }
}
