namespace AsyncKit;

/// <summary>A failed attempt that is retried.</summary>
/// <param name="Attempt">The number of the attempt, from 1.</param>
/// <param name="Delay">The delay before the next attempt.</param>
/// <param name="Exception">The exception that the attempt threw.</param>
public readonly record struct RetryAttempt(int Attempt, TimeSpan Delay, Exception Exception);
