using System.Runtime.CompilerServices;

namespace AsyncKit.Comparison;

/// <summary>Describes one scenario of a <see cref="Comparison"/>: the same work, done by several variants.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>The variants run one after the other, in rounds. The first variant of a scenario is its baseline.</item>
/// <item>After each round the result of the variant is compared with that of the baseline. Two sequences are compared
/// item by item, in order. Anything else is compared with <see cref="object.Equals(object, object)">Equals</see>. If the baseline
/// has no result, only <see cref="Verify(Func{IReadOnlyList{T}, string})">Verify</see> checks the variants.</item>
/// <item>A variant with another result, or that throws, is reported as wrong, does not run again, and has no
/// speed-up.</item>
/// <item>A variant starts on a dedicated thread, so it may block.</item>
/// </list>
/// The members are not thread-safe, except <see cref="TimeItem"/>.
/// </remarks>
public sealed class ComparisonScenario<T>
{
    private readonly IReadOnlyList<T> _items;
    private readonly ScenarioDefinition _definition;
    private T[] _few = [];

    internal ComparisonScenario(ScenarioDefinition definition, IReadOnlyList<T> items, ComparisonSettings settings)
    {
        _definition = definition;
        _items = items;
        Settings = settings;
    }

    /// <summary>The values of the command line.</summary>
    public ComparisonSettings Settings { get; }

    /// <summary>Sets the question that the scenario answers, the first line below its name.</summary>
    /// <param name="question">A sentence or two.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> Question(string question)
    {
        ArgumentNullException.ThrowIfNull(question);
        _definition.Question = question;
        return this;
    }

    /// <summary>Sets the answer, one sentence with measured values. Without a call the report writes its
    /// own.</summary>
    /// <param name="template">The text. It may contain <c>{speedup:NAME}</c>, <c>{time:NAME}</c>, <c>{pool:NAME}</c>
    /// and <c>{METRIC:NAME}</c>, where NAME is the name of a variant. If one of them has no value, because the variant
    /// was wrong, the report writes its own answer.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> Answer(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        _definition.AnswerTemplate = template;
        return this;
    }

    /// <summary>Declares that the variants deliberately do different work, so that the report neither ranks them nor
    /// compares their results. Use it with <see cref="Metric"/>.</summary>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> WithoutRanking()
    {
        _definition.IsRanked = false;
        return this;
    }

    /// <summary>Sets the unmeasured work before the first round of the scenario and after the last one.</summary>
    /// <param name="before">The work before, such as starting a server. If it throws, the comparison stops.</param>
    /// <param name="after">The work after, even if a round failed. null for none.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> Setup(Func<CancellationToken, Task> before, Func<Task>? after = null)
    {
        ArgumentNullException.ThrowIfNull(before);
        _definition.SetUp = before;
        _definition.TearDown = after;
        return this;
    }

    /// <summary>Sets the unmeasured work before and after each round, such as opening a client.</summary>
    /// <param name="before">The work before. It receives the items of the round: all of them, or two for a short
    /// warm-up. If it throws, the round fails.</param>
    /// <param name="after">The work after, even if the round failed. null for none.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> EachRound(
        Func<IReadOnlyList<T>, CancellationToken, Task> before, Func<Task>? after = null)
    {
        ArgumentNullException.ThrowIfNull(before);
        _definition.BeforeRound = (count, cancellationToken) => before(First(count), cancellationToken);
        _definition.AfterRound = after;
        return this;
    }

    /// <summary>Adds the baseline, whose result and time the other variants are compared with.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="name">The name in the report. Names are unique within the scenario.</param>
    /// <param name="run">The work. It receives the items and the token of Ctrl-C. It may block.</param>
    /// <param name="notes">The description for the reader; null for none.</param>
    /// <param name="code">The source text of <paramref name="run"/>, which the compiler supplies.</param>
    /// <returns>The same scenario.</returns>
    /// <exception cref="InvalidOperationException">The scenario already has a variant.</exception>
    public ComparisonScenario<T> Baseline<TResult>(
        string name,
        Func<IReadOnlyList<T>, CancellationToken, Task<TResult>> run,
        VariantNotes? notes = null,
        [CallerArgumentExpression(nameof(run))] string? code = null) =>
        AsBaseline().Variant(name, run, notes, code);

    /// <summary>Adds a baseline without a result. Pass a <see cref="Verify(Func{IReadOnlyList{T}, string})">Verify</see> that
    /// checks the effects of the variants.</summary>
    /// <inheritdoc cref="Baseline{TResult}" path="/param|/returns|/exception"/>
    public ComparisonScenario<T> Baseline(
        string name,
        Func<IReadOnlyList<T>, CancellationToken, Task> run,
        VariantNotes? notes = null,
        [CallerArgumentExpression(nameof(run))] string? code = null) =>
        AsBaseline().Variant(name, run, notes, code);

    /// <summary>Adds another variant of the same work.</summary>
    /// <typeparam name="TResult">The type of the result. It may differ from that of the baseline if both are sequences
    /// of equal items.</typeparam>
    /// <inheritdoc cref="Baseline{TResult}" path="/param|/returns"/>
    /// <exception cref="ArgumentException">The scenario already has a variant of that name.</exception>
    /// <exception cref="InvalidOperationException">The scenario has no baseline yet.</exception>
    public ComparisonScenario<T> Variant<TResult>(
        string name,
        Func<IReadOnlyList<T>, CancellationToken, Task<TResult>> run,
        VariantNotes? notes = null,
        [CallerArgumentExpression(nameof(run))] string? code = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add(name, notes, code, hasResult: true, async (count, cancellationToken) =>
            await run(First(count), cancellationToken));
    }

    /// <summary>Adds another variant of the same work, without a result.</summary>
    /// <inheritdoc cref="Variant{TResult}" path="/param|/returns|/exception"/>
    public ComparisonScenario<T> Variant(
        string name,
        Func<IReadOnlyList<T>, CancellationToken, Task> run,
        VariantNotes? notes = null,
        [CallerArgumentExpression(nameof(run))] string? code = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add(name, notes, code, hasResult: false, async (count, cancellationToken) =>
        {
            await run(First(count), cancellationToken);
            return null;
        });
    }

    /// <summary>Compares results with the baseline by a key instead of by equality.</summary>
    /// <typeparam name="TItem">The type of the results, or of their items if the results are sequences.</typeparam>
    /// <param name="key">Returns the part of a result that must be equal.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> SameBy<TItem>(Func<TItem, object?> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _definition.AreSame = (left, right) =>
            left is TItem expected && right is TItem actual && Equals(key(expected), key(actual));
        return this;
    }

    /// <summary>Compares results with the baseline by a comparer instead of by equality.</summary>
    /// <param name="comparer">The comparer of the results, or of their items if the results are sequences.</param>
    /// <inheritdoc cref="SameBy{TItem}(Func{TItem, object?})"/>
    public ComparisonScenario<T> SameBy<TItem>(IEqualityComparer<TItem> comparer)
    {
        ArgumentNullException.ThrowIfNull(comparer);
        _definition.AreSame = (left, right) =>
            left is TItem expected && right is TItem actual && comparer.Equals(expected, actual);
        return this;
    }

    /// <summary>Sets a check after each measured round, for variants without a result.</summary>
    /// <param name="check">Checks the effects of the round, and returns the fault or null. It receives the items.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> Verify(Func<IReadOnlyList<T>, string?> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        _definition.Verify = (count, _) => check(First(count));
        return this;
    }

    /// <summary>Sets a check of the result after each measured round, in addition to the comparison with the
    /// baseline. The baseline is checked as well.</summary>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="check">Returns the fault or null. It receives the items and the result.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> Verify<TResult>(Func<IReadOnlyList<T>, TResult, string?> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        _definition.Verify = (count, result) => result is TResult typed
            ? check(First(count), typed)
            : $"the result is not a {typeof(TResult).Name}";
        return this;
    }

    /// <summary>Adds a value that is read after each round, a column of the report.</summary>
    /// <param name="name">The heading of the column. "Peak load" replaces the count of
    /// <see cref="TimeItem"/>.</param>
    /// <param name="meaning">The meaning of the value, for the legend of the report.</param>
    /// <param name="read">Returns an integer, of which the report shows the maximum of all rounds; a double or a
    /// <see cref="TimeSpan"/>, of which it shows the median; or a text, of which it shows the last.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> Metric(string name, string meaning, Func<object> read)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(meaning);
        ArgumentNullException.ThrowIfNull(read);
        _definition.Metrics.Add(new MetricDefinition(name, meaning, read));
        return this;
    }

    /// <summary>Sets an inspection: each emphasized variant runs an extra round, unmeasured, inside it.</summary>
    /// <param name="inspect">Runs the given work, watches it, and returns the fault or null. A fault makes the variant
    /// wrong.</param>
    /// <returns>The same scenario.</returns>
    public ComparisonScenario<T> Inspect(
        Func<Func<CancellationToken, Task>, CancellationToken, Task<string?>> inspect)
    {
        ArgumentNullException.ThrowIfNull(inspect);
        _definition.Inspect = inspect;
        return this;
    }

    /// <summary>Measures one item: call it where the work of the item starts, and dispose what it returns where the
    /// work ends. The report then shows the percentiles of the time per item, and the peak load.</summary>
    /// <returns>An object whose disposal ends the measurement.</returns>
    /// <remarks>Thread-safe. One call allocates one small object.</remarks>
    public IDisposable TimeItem()
    {
        _definition.TimesItems = true;
        return new ItemTimer(_definition.Times);
    }

    private ComparisonScenario<T> AsBaseline() => _definition.Variants.Count == 0
        ? this
        : throw new InvalidOperationException(
            $"The scenario '{_definition.Name}' already has the variant '{_definition.Variants[0].Name}'; "
            + "call Baseline first and once.");

    private ComparisonScenario<T> Add(
        string name,
        VariantNotes? notes,
        string? code,
        bool hasResult,
        Func<int, CancellationToken, Task<object?>> runAsync)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (_definition.Variants.Exists(variant => string.Equals(variant.Name, name, StringComparison.Ordinal)))
        {
            throw new ArgumentException(
                $"A name is unique within the scenario '{_definition.Name}'; '{name}' is there twice.", nameof(name));
        }

        _definition.Variants.Add(
            new VariantDefinition(name, notes ?? new(), SourceText.Dedent(code ?? ""), hasResult, runAsync));
        return this;
    }

    private IReadOnlyList<T> First(int count)
    {
        if (count >= _items.Count)
        {
            return _items;
        }

        if (_few.Length != count)
        {
            _few = [.. _items.Take(count)];
        }

        return _few;
    }
}
