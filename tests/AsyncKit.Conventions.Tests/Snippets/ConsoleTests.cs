namespace AsyncKit.Conventions.Tests;

/// <summary>Tests that redirect Console.Out: not beside each other nor beside anything else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ConsoleTests
{
    public const string Name = "Console";
}
