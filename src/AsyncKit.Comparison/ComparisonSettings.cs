namespace AsyncKit.Comparison;

/// <summary>The values of the command line that the scenarios of a <see cref="Comparison"/> may use.</summary>
/// <remarks><see cref="Comparison.RunAsync"/> reads and validates them before it describes a scenario.</remarks>
public sealed record ComparisonSettings
{
    internal ComparisonSettings()
    {
    }

    /// <summary>The number of items that <c>--items</c> requests.</summary>
    /// <value>From 1 to 1,000,000. The default is null, and the scenario decides.</value>
    public int? Items { get; internal init; }

    /// <summary>The limit of the variants that have one, from <c>--concurrency</c>.</summary>
    /// <value>From 1 to 10,000. The default is 32.</value>
    public int Concurrency { get; internal init; }

    /// <summary>The latency that a simulated service should have, from <c>--latency-ms</c>.</summary>
    /// <value>From zero to one minute. The default is 20 ms, and 10 ms with <c>--quick</c>.</value>
    public TimeSpan Latency { get; internal init; }

    /// <summary>true for a short run, from <c>--quick</c>; otherwise, false. A scenario may then use fewer
    /// items.</summary>
    public bool IsQuick { get; internal init; }
}
