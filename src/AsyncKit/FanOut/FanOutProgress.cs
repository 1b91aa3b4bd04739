namespace AsyncKit;

/// <summary>Represents a snapshot of the progress of a fan-out.</summary>
/// <param name="Total">The number of items; null if the source does not know it without being enumerated.</param>
/// <param name="Started">The number of items that started.</param>
/// <param name="Succeeded">The number of items that succeeded.</param>
/// <param name="Failed">The number of items that failed, without those that the run cancelled.</param>
/// <param name="Retried">The number of attempts after the first of each item.</param>
/// <param name="InFlight">The number of items that are running.</param>
/// <param name="Elapsed">The time since the start of the run, by the clock of the options.</param>
/// <param name="Remaining">The estimated time until the end, from the recent rate of completed items; null if no item
/// has completed, no item has completed recently, or the total is unknown.</param>
public sealed record FanOutProgress(
    int? Total,
    long Started,
    long Succeeded,
    long Failed,
    long Retried,
    long InFlight,
    TimeSpan Elapsed,
    TimeSpan? Remaining);
