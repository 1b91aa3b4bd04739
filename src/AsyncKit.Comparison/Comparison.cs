namespace AsyncKit.Comparison;

/// <summary>Compares several ways to do the same work, verifies their results, and writes a report.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Each scenario runs all of its variants in rounds: five, or three with <c>--quick</c>. Each round starts with
/// another variant.</item>
/// <item>The result of every round is compared with that of the baseline. A variant with another result is reported as
/// wrong and has no speed-up; the exit code is then 1.</item>
/// <item>Besides the time, it measures processor time, allocations, threads, memory, and the latency of the thread
/// pool: how long unrelated work waits for a thread.</item>
/// <item>A difference that is smaller than the noise between the rounds is called equal.</item>
/// <item>It writes <c>report.md</c>, <c>report.html</c> and <c>results.json</c> into the folder that <c>--out</c>
/// names.</item>
/// </list>
/// Measure a Release build on a machine that does nothing else. Describe the scenarios on one thread.
/// </remarks>
/// <example>
/// <code>
/// return await new Comparison("orders")
///     .Scenario("load", orders, s => s
///         .Baseline("all at once", (items, ct) => Task.WhenAll(items.Select(id => LoadAsync(id, ct))))
///         .Variant("16 at once", (items, ct) => items.FanOutAsync(16, LoadAsync, ct)))
///     .RunAsync(args);
/// </code>
/// </example>
#pragma warning disable MA0049 // The design fixes both names: a namespace per package, and the type that a user looks for.
public sealed class Comparison
#pragma warning restore MA0049
{
    private readonly List<ScenarioSource> _scenarios = [];

    /// <summary>Creates a comparison without scenarios.</summary>
    /// <param name="title">The title of the report.</param>
    /// <exception cref="ArgumentException"><paramref name="title"/> is empty.</exception>
    public Comparison(string title)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        Title = title;
    }

    /// <summary>The title of the report.</summary>
    public string Title { get; }

    /// <summary>The command that starts the program. The report shows it, with the options of the run, as the way to
    /// repeat the run.</summary>
    /// <value>The default is <c>dotnet run -c Release</c>.</value>
    public string Command { get; init; } = "dotnet run -c Release";

    /// <summary>Adds a scenario over fixed items. <c>--items</c> takes the first of them.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="name">The name of the scenario for <c>--scenario</c> and in the report. Names are unique.</param>
    /// <param name="items">The items of the work, at least one.</param>
    /// <param name="describe">Adds the variants. It is called after the command line was read.</param>
    /// <returns>The same comparison.</returns>
    /// <exception cref="ArgumentException">Another scenario has that name, or there are no items.</exception>
    public Comparison Scenario<T>(string name, IReadOnlyList<T> items, Action<ComparisonScenario<T>> describe)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0)
        {
            throw new ArgumentException($"items must have at least one item; the scenario '{name}' has 0.", nameof(items));
        }

        return Scenario(
            name,
            settings => settings.Items < items.Count ? [.. items.Take(settings.Items.Value)] : items,
            describe);
    }

    /// <summary>Adds a scenario whose items depend on the command line.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="name">The name of the scenario for <c>--scenario</c> and in the report. Names are unique.</param>
    /// <param name="items">Creates the items of the work, at least one. It should respect
    /// <see cref="ComparisonSettings.Items"/>.</param>
    /// <param name="describe">Adds the variants. It is called after the command line was read.</param>
    /// <returns>The same comparison.</returns>
    /// <exception cref="ArgumentException">Another scenario has that name.</exception>
    public Comparison Scenario<T>(
        string name, Func<ComparisonSettings, IReadOnlyList<T>> items, Action<ComparisonScenario<T>> describe)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(describe);
        if (_scenarios.Exists(scenario => string.Equals(scenario.Name, name, StringComparison.Ordinal)))
        {
            throw new ArgumentException($"The name of a scenario is unique; '{name}' is there twice.", nameof(name));
        }

        _scenarios.Add(new ScenarioSource(name, settings => Define(name, items(settings), describe, settings)));
        return this;
    }

    /// <summary>Reads the command line, runs the scenarios, and writes the report to the console and to files.</summary>
    /// <param name="args">The arguments of the program. <c>--help</c> lists the options.</param>
    /// <param name="cancellationToken">Stops the run like Ctrl-C: the report has what was measured before.</param>
    /// <returns>A task that completes after the last file was written, with the exit code. It is 0 for success, 1 if a
    /// variant was wrong, 2 for a wrong option or an output folder that cannot be written, and 130 after Ctrl-C or a
    /// cancellation. The task is faulted if describing or setting up a scenario throws.</returns>
    /// <exception cref="InvalidOperationException">The comparison has no scenario.</exception>
    public Task<int> RunAsync(IReadOnlyList<string> args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (_scenarios.Count == 0)
        {
            throw new InvalidOperationException("A comparison needs at least one scenario; call Scenario first.");
        }

        var exit = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);

        // A dedicated thread: a variant that blocks must not hold a thread of the pool that the probe measures.
        var thread = new Thread(() =>
        {
            try
            {
                exit.SetResult(ComparisonProgram.Run(this, _scenarios, args, cancellationToken));
            }
            catch (Exception exception)
            {
                exit.SetException(exception);
            }
        });
        thread.Name = "comparison";
        thread.Start();
        return exit.Task;
    }

    private static ScenarioDefinition Define<T>(
        string name, IReadOnlyList<T> items, Action<ComparisonScenario<T>> describe, ComparisonSettings settings)
    {
        if (items.Count == 0)
        {
            throw new InvalidOperationException($"A scenario needs at least one item; '{name}' has 0.");
        }

        var definition = new ScenarioDefinition(name, items.Count);
        describe(new ComparisonScenario<T>(definition, items, settings));
        return definition.Variants.Count > 0
            ? definition
            : throw new InvalidOperationException($"The scenario '{name}' needs a variant; call Baseline first.");
    }
}
