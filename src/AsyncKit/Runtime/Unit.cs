namespace AsyncKit;

/// <summary>The result type of an operation that has none.</summary>
internal readonly struct Unit;
