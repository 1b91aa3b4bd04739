namespace AsyncKit.Testing;

/// <summary>Why a schedule has failed: in words, and the exception if there is one.</summary>
internal sealed record ScheduleFailure(string Message, Exception? Exception = null);
