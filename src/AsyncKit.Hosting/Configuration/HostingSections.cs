namespace AsyncKit.Hosting;

/// <summary>The options of gates, lanes, consumers and health checks that a section can contain.</summary>
internal static class HostingSections
{
    /// <summary>The highest limit of a gate.</summary>
    public const int MaxPermits = 100_000;

    public static readonly SectionBinder<BlockingLaneOptions> Lane = new("BlockingLaneOptions", "MaxThreads")
    {
        { "Name", SectionValue.Text, (options, value) => options with { Name = value } },
        { "MaxThreads", SectionValue.Integer, (options, value) => options with { MaxThreads = value } },
        { "MaxQueued", SectionValue.Integer, (options, value) => options with { MaxQueued = value } },
        { "WhenFull", SectionValue.Member<WhenFull>(), (options, value) => options with { WhenFull = value } },
        { "IdleTimeout", SectionValue.Time, (options, value) => options with { IdleTimeout = value } },
    };

    public static readonly SectionBinder<GateValues> Gate = new("a gate")
    {
        { "Limit", SectionValue.Integer, (values, value) => values with { Limit = Guards.InRange(value, 0, MaxPermits, "Limit") } },
        { "Adaptive", ResilienceSections.Adaptive, _ => new(), (values, value) => values with { Adaptive = value.Create() } },
    };

    public static readonly SectionBinder<FanOutOptions> FanOut = new("FanOutOptions", "MaxConcurrency")
    {
        { "MaxConcurrency", SectionValue.Integer, (options, value) => options with { MaxConcurrency = value } },
        { "OnFailure", SectionValue.Member<FailureMode>(), (options, value) => options with { OnFailure = value } },
        { "Lookahead", SectionValue.Integer, (options, value) => options with { Lookahead = value } },
        { "ItemTimeout", SectionValue.Time, (options, value) => options with { ItemTimeout = value } },
        { "Retry", ResilienceSections.Retry, options => options.Retry ?? new(), (options, value) => options with { Retry = value } },
        { "SlowItemThreshold", SectionValue.Time, (options, value) => options with { SlowItemThreshold = value } },
        { "Name", SectionValue.Text, (options, value) => options with { Name = value } },
        { "ProgressInterval", SectionValue.Time, (options, value) => options with { ProgressInterval = value } },
    };

    public static readonly SectionBinder<FanOutConsumerOptions> Consumer = new("FanOutConsumerOptions", "FanOut")
    {
        { "FanOut", FanOut, options => options.FanOut, (options, value) => options with { FanOut = value } },
        { "Scope", SectionValue.Member<ConsumerScope>(), (options, value) => options with { Scope = value } },
        { "WhenSourceFails", SectionValue.Member<WhenSourceFails>(), (options, value) => options with { WhenSourceFails = value } },
        { "RestartBackoff", SectionValue.Backoff, (options, value) => options with { RestartBackoff = value } },
        { "AbortTimeout", SectionValue.Time, (options, value) => options with { AbortTimeout = value } },
    };

    public static readonly SectionBinder<FanOutConsumerHealthOptions> ConsumerHealth = new("FanOutConsumerHealthOptions")
    {
        { "StuckAfter", SectionValue.Time, (options, value) => options with { StuckAfter = value } },
        { "MaxFailureRatio", SectionValue.Number, (options, value) => options with { MaxFailureRatio = value } },
        { "MinItems", SectionValue.Integer, (options, value) => options with { MinItems = value } },
        { "Window", SectionValue.Time, (options, value) => options with { Window = value } },
    };

    public static readonly SectionBinder<WaitLimit> Wait = new("a health check")
    {
        { "MaxWait", SectionValue.Time, (limit, value) => limit with { MaxWait = value } },
    };

    public static readonly SectionBinder<LatencyLimit> Latency = new("a health check")
    {
        { "MaxLatency", SectionValue.Time, (limit, value) => limit with { MaxLatency = value } },
    };

    /// <summary>The limit of a gate: one of the two.</summary>
    internal sealed record GateValues
    {
        public int? Limit { get; init; }

        public AdaptiveLimit? Adaptive { get; init; }
    }
}
