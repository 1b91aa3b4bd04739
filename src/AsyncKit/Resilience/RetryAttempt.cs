namespace AsyncKit;

/// <summary>An attempt that has failed and is followed by another.</summary>
/// <param name="Attempt">Which one, from 1.</param>
/// <param name="Delay">How long is waited before the next one.</param>
/// <param name="Exception">What it has thrown.</param>
public readonly record struct RetryAttempt(int Attempt, TimeSpan Delay, Exception Exception);
