namespace AsyncKit.Comparison;

/// <summary>A value that is read after each round.</summary>
internal sealed record MetricDefinition(string Name, string Meaning, Func<object> Read);
