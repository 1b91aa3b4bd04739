namespace AsyncKit;

/// <summary>Represents every failure of a fan-out with <see cref="FailureMode.RunToEnd"/>, in source order.</summary>
/// <remarks>
/// <see cref="AggregateException.InnerExceptions"/> contains the exceptions of <see cref="Failures"/> in the same
/// order. The exceptions of the source and of cancellation callbacks follow.
/// </remarks>
#pragma warning disable CA1032, MA0015 // Only a fan-out creates it: without its failures it would be useless.
public sealed class FanOutException : AggregateException
#pragma warning restore CA1032, MA0015
{
    private readonly long _failedItems;

    internal FanOutException(
        IReadOnlyList<FanOutFailure> failures, IEnumerable<Exception> exceptions, long? failedItems = null)
        : base(exceptions)
    {
        Failures = failures;
        _failedItems = failedItems ?? failures.Count;
    }

    /// <summary>The failed items, in source order.</summary>
    public IReadOnlyList<FanOutFailure> Failures { get; }

    /// <summary>The number of failed items and the message of the first failure.</summary>
    public override string Message
    {
        get
        {
            if (Failures is not [var first, ..])
            {
                return $"The source or a cancellation callback of the fan-out failed: {MessageOf(InnerExceptions[0])}";
            }

            var items = _failedItems == 1 ? "1 item" : $"{_failedItems} items";
            var others = InnerExceptions.Count == Failures.Count ? "" : " and its source or a cancellation callback";
            return $"{items} of the fan-out{others} failed, the first at index {first.Index}: "
                + MessageOf(first.Exception);
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
            return exception.GetType().Name; // Message is virtual and may throw. This one must not.
        }
    }
}
