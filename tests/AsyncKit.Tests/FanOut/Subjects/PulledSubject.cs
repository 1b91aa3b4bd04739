namespace AsyncKit.Tests;

/// <summary>One of the two kinds of enumerators.</summary>
public abstract class PulledSubject
{
    public static PulledSubject Enumerable { get; } = new OfEnumerable();

    public static PulledSubject AsyncEnumerable { get; } = new OfAsyncEnumerable();

    /// <summary>The subject with a partition whose keys never reach their limit.</summary>
    public static PulledSubject Partitioned(PulledSubject subject) =>
        new WithOptions(subject, options => FanOutSubjects.KeyPerItem<int>(options, isRated: false));

    /// <summary>The subject with a partition whose keys always have a permit.</summary>
    public static PulledSubject Rated(PulledSubject subject) =>
        new WithOptions(subject, options => FanOutSubjects.KeyPerItem<int>(options, isRated: true));

    /// <summary>The subject with a drain token that is never cancelled.</summary>
    public static PulledSubject Drainable(PulledSubject subject) => new WithOptions(subject, FanOutSubjects.Drainable.WithToken);

    internal abstract PulledSource<int> Create(ProbedSource source);

    internal abstract Task<TResult[]> FanOutAsync<TResult>(
        ProbedSource source,
        FanOutOptions options,
        Func<int, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken);

    private sealed class OfEnumerable : PulledSubject
    {
        internal override PulledSource<int> Create(ProbedSource source) => new EnumerableSource<int>(source);

        internal override Task<TResult[]> FanOutAsync<TResult>(
            ProbedSource source,
            FanOutOptions options,
            Func<int, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            source.FanOutAsync(options, operation, cancellationToken);
    }

    private sealed class OfAsyncEnumerable : PulledSubject
    {
        internal override PulledSource<int> Create(ProbedSource source) =>
            new AsyncEnumerableSource<int>(source.AsAsync());

        internal override Task<TResult[]> FanOutAsync<TResult>(
            ProbedSource source,
            FanOutOptions options,
            Func<int, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            source.AsAsync().FanOutAsync(options, operation, cancellationToken);
    }

    private sealed class WithOptions(PulledSubject subject, Func<FanOutOptions, FanOutOptions> change) : PulledSubject
    {
        internal override PulledSource<int> Create(ProbedSource source) => subject.Create(source);

        internal override Task<TResult[]> FanOutAsync<TResult>(
            ProbedSource source,
            FanOutOptions options,
            Func<int, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            subject.FanOutAsync(source, change(options), operation, cancellationToken);
    }
}
