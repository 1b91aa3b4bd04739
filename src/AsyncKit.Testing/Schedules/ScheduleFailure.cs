namespace AsyncKit.Testing;

/// <summary>The reason of a failed schedule, and the exception if there is one.</summary>
internal sealed record ScheduleFailure(string Message, Exception? Exception = null);
