namespace AsyncKit.Comparison;

/// <summary>A described scenario, without the type of its items.</summary>
internal sealed class ScenarioDefinition(string name, int itemCount)
{
    public string Name { get; } = name;

    public int ItemCount { get; } = itemCount;

    public string Question { get; set; } = "";

    public string AnswerTemplate { get; set; } = "";

    /// <summary>False if the variants do different work, so that their times say nothing about which is better.</summary>
    public bool IsRanked { get; set; } = true;

    public List<VariantDefinition> Variants { get; } = [];

    public List<MetricDefinition> Metrics { get; } = [];

    public ItemTimes Times { get; } = new();

    /// <summary>True after a call of TimeItem in any round.</summary>
    public bool TimesItems { get; set; }

    public Func<CancellationToken, Task>? SetUp { get; set; }

    public Func<Task>? TearDown { get; set; }

    /// <summary>Prepares a round over this many items.</summary>
    public Func<int, CancellationToken, Task>? BeforeRound { get; set; }

    public Func<Task>? AfterRound { get; set; }

    /// <summary>Returns the fault in the result of a round over this many items, or null.</summary>
    public Func<int, object?, string?>? Verify { get; set; }

    /// <summary>Compares an item of the result with that of the baseline.</summary>
    public Func<object?, object?, bool>? AreSame { get; set; }

    /// <summary>Runs an emphasized variant in an extra, unmeasured round, and returns its fault or null.</summary>
    public Func<Func<CancellationToken, Task>, CancellationToken, Task<string?>>? Inspect { get; set; }
}
