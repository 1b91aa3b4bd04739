namespace AsyncKit.Testing;

/// <summary>The reason why a schedule failed, with the exception if there is one.</summary>
internal sealed record ScheduleFailure(string Message, Exception? Exception = null);
