namespace AsyncKit.Comparison;

/// <summary>A scenario before the command line was read: only its name is known.</summary>
internal sealed record ScenarioSource(string Name, Func<ComparisonSettings, ScenarioDefinition> Define);
