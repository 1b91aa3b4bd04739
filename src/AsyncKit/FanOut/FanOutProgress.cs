namespace AsyncKit;

/// <summary>How far a fan-out is, at one moment.</summary>
/// <param name="Total">How many items there are; null when the source does not tell without being read.</param>
/// <param name="Started">How many operations have been called.</param>
/// <param name="Succeeded">How many have ended well.</param>
/// <param name="Failed">How many have thrown, other than for the cancellation of the run.</param>
/// <param name="Retried">How many calls were made beyond the first of an item.</param>
/// <param name="InFlight">How many run now.</param>
/// <param name="Elapsed">Since the start of the run, by the clock of the options.</param>
/// <param name="Remaining">An estimate from how fast items have ended lately; null while nothing has, or without a total.</param>
public sealed record FanOutProgress(
    int? Total,
    long Started,
    long Succeeded,
    long Failed,
    long Retried,
    long InFlight,
    TimeSpan Elapsed,
    TimeSpan? Remaining);
