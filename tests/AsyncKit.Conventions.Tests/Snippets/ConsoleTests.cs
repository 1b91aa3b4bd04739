namespace AsyncKit.Conventions.Tests;

/// <summary>The tests that redirect Console.Out. They never run in parallel with other tests.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ConsoleTests
{
    public const string Name = "Console";
}
