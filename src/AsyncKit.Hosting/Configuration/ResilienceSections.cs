namespace AsyncKit.Hosting;

/// <summary>The options of retries and adaptive limits that a section can contain.</summary>
internal static class ResilienceSections
{
    public static readonly SectionBinder<AdaptiveValues> Adaptive = new("AdaptiveLimit", "Min", "Max")
    {
        { "Min", SectionValue.Integer, (values, value) => values with { Min = value } },
        { "Max", SectionValue.Integer, (values, value) => values with { Max = value } },
        { "Start", SectionValue.Integer, (values, value) => values with { Start = value } },
        { "DecreaseTo", SectionValue.Number, (values, value) => values with { DecreaseTo = value } },
        { "Cooldown", SectionValue.Time, (values, value) => values with { Cooldown = value } },
    };

    public static readonly SectionBinder<RetryOptions> Retry = new("RetryOptions")
    {
        { "MaxAttempts", SectionValue.Integer, (options, value) => options with { MaxAttempts = value } },
        { "Backoff", SectionValue.Backoff, (options, value) => options with { Backoff = value } },
        { "AttemptTimeout", SectionValue.Time, (options, value) => options with { AttemptTimeout = value } },
        { "TotalTimeout", SectionValue.Time, (options, value) => options with { TotalTimeout = value } },
        { "MaxDelayHint", SectionValue.Time, (options, value) => options with { MaxDelayHint = value } },
        { "Name", SectionValue.Text, (options, value) => options with { Name = value } },
        { "Budget", Budget(), _ => new(0, 0), (options, value) => options with { Budget = value.Create() } },
    };

    private static SectionBinder<BudgetValues> Budget() => new("RetryBudget", "Ratio", "MinPerSecond")
    {
        { "Ratio", SectionValue.Number, (values, value) => values with { Ratio = value } },
        { "MinPerSecond", SectionValue.Integer, (values, value) => values with { MinPerSecond = value } },
    };

    /// <summary>The values of an <see cref="AdaptiveLimit"/>, whose constructor needs two of them.</summary>
    internal sealed record AdaptiveValues
    {
        public int Min { get; init; }

        public int Max { get; init; }

        public int? Start { get; init; }

        public double? DecreaseTo { get; init; }

        public TimeSpan? Cooldown { get; init; }

        public AdaptiveLimit Create()
        {
            var limit = new AdaptiveLimit(Min, Max);
            return limit with
            {
                Start = Start ?? limit.Start,
                DecreaseTo = DecreaseTo ?? limit.DecreaseTo,
                Cooldown = Cooldown ?? limit.Cooldown,
            };
        }
    }

    /// <summary>The values of a <see cref="RetryBudget"/>, whose constructor needs both.</summary>
    private sealed record BudgetValues(double Ratio, int MinPerSecond)
    {
        public RetryBudget Create() => new(Ratio, MinPerSecond);
    }
}
