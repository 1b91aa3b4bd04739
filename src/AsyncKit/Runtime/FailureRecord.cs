using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Records the failures of a run in the order they occurred, and whether a failure or a cancellation came
/// first.</summary>
/// <param name="stopsAtFirst">Whether the first failure stops the run.</param>
/// <param name="callerToken">The token whose cancellation stops the run.</param>
/// <remarks>
/// Lifetime: one for each run. Many threads add; <see cref="Conclude"/> and the properties are read after the last of
/// them.
/// <para>
/// Invariants:
/// (1) The cause is set once, under the lock; later causes do not change it.
/// (2) A failure that is added while the caller's token is cancelled comes after the cancellation, even if the token's
/// callback has not run yet.
/// (3) Only the call that set the cause returns true, so the run is stopped once.
/// </para>
/// </remarks>
internal sealed class FailureRecord(bool stopsAtFirst, CancellationToken callerToken)
{
    private const long NoItem = -1;

    private readonly Lock _lock = new();
    private readonly ConditionalWeakTable<Exception, object>? _annotated; // The lowest index of each exception.
    private List<Failure>? _failures;
    private long _itemFailures;
    private volatile Cause _cause;
    private volatile bool _isIncomplete;

    private enum Cause
    {
        None,
        Failure,
        Cancellation,
        Success,
    }

    /// <summary>Whether the caller's cancellation came first and some item did not run to its end.</summary>
    public bool IsCancelled => _cause == Cause.Cancellation && _isIncomplete;

    /// <summary>Whether a cause that stops the run is recorded. Workers check it, so recording the cause and stopping are
    /// one step: from then on no item starts.</summary>
    public bool IsStopped => _cause != Cause.None;

    /// <summary>Whether a failure, a cancellation or a success that stops the run was recorded.</summary>
    public bool HasCause => _cause != Cause.None || _failures is { Count: > 0 };

    /// <summary>Returns the token to report for a cancellation; null for the caller's token. They differ if that one is
    /// linked.</summary>
    public Func<CancellationToken>? ReportedToken { get; set; }

    /// <summary>Combines the failures, those of items first and by index; null for an AggregateException. Receives the
    /// number of items that failed, too.</summary>
    public Func<List<Failure>, long, Exception>? Combine { get; init; }

    /// <summary>False if the failures of items after the first are only counted, because another part keeps
    /// them.</summary>
    public bool KeepsItemFailures
    {
        get => _annotated is null;
        init => _annotated = value ? null : [];
    }

    /// <summary>Notes the index of an item in its exception; null if the failures are not those of items.</summary>
    public Action<Failure>? Annotate { get; init; }

    public bool StopsAtFirst => stopsAtFirst;

    private CancellationToken Token => ReportedToken?.Invoke() ?? callerToken;

    /// <summary>Records that some item did not run, or did not run to its end.</summary>
    public void MarkIncomplete() => _isIncomplete = true;

    /// <summary>Records the cancellation by the caller.</summary>
    /// <returns>True if this is the first cause, which stops the run; otherwise, false.</returns>
    public bool AddCancellation()
    {
        lock (_lock)
        {
            return TrySetCause(Cause.Cancellation);
        }
    }

    /// <summary>Records a success that stops the run.</summary>
    /// <inheritdoc cref="AddCancellation"/>
    public bool AddSuccess()
    {
        lock (_lock)
        {
            return TrySetCause(callerToken.IsCancellationRequested ? Cause.Cancellation : Cause.Success);
        }
    }

    /// <summary>Records the failure of an item.</summary>
    /// <inheritdoc cref="AddCancellation"/>
    public bool AddItemFailure(long index, object? item, Exception exception) =>
        Add(new Failure(index, item, exception));

    /// <summary>Records a failure that belongs to no item, for example one of the source.</summary>
    /// <inheritdoc cref="AddCancellation"/>
    public bool AddRunFailure(Exception exception) => Add(new Failure(NoItem, null, exception));

    /// <summary>Returns the failures that belong to no item as one exception; null if every failure is one of an
    /// item.</summary>
    public Exception? RunFailure() => _failures?.FindAll(failure => !failure.IsOfItem) is { Count: > 0 } failures
        ? TaskExceptions.Combine(ExceptionsOf(failures))
        : null;

    /// <summary>Decides the outcome of the run; called once, after the last worker.</summary>
    /// <returns>The cancellation, or the exceptions that fault the run, or neither if the run succeeded.</returns>
    public (OperationCanceledException? Cancelled, IReadOnlyList<Exception> Faults) Conclude()
    {
        var failures = _failures ?? [];
        if (_cause == Cause.Cancellation && (_isIncomplete || (failures.Count > 0 && stopsAtFirst)))
        {
            return (Cancelled(failures), []);
        }

        return _cause == Cause.Success || failures.Count == 0 ? (null, [])
            : stopsAtFirst ? (null, Annotated(failures))
            : (null, [Combined(failures)]);
    }

    private static List<Exception> ExceptionsOf(List<Failure> failures) =>
        failures.ConvertAll(failure => failure.Exception);

    private List<Exception> Annotated(List<Failure> failures)
    {
        // Backwards, so that an exception object that several items threw keeps the index of the first.
        for (var i = failures.Count - 1; i >= 0 && KeepsItemFailures; i--)
        {
            if (failures[i].IsOfItem)
            {
                TryAnnotate(failures[i]);
            }
        }

        return ExceptionsOf(failures);
    }

    /// <summary>Annotates a failure that may not be kept until the end, unless an item with a lower index threw the same
    /// object.</summary>
    private void AnnotateFirst(Failure failure)
    {
        lock (_annotated!)
        {
            if (!_annotated.TryGetValue(failure.Exception, out var index) || (long)index > failure.Index)
            {
                _annotated.AddOrUpdate(failure.Exception, failure.Index);
                TryAnnotate(failure);
            }
        }
    }

    private void TryAnnotate(Failure failure)
    {
        try
        {
            Annotate?.Invoke(failure);
        }
        catch (Exception)
        {
            // Data is virtual: an exception class that rejects the entry must not replace its own report.
        }
    }

    private Exception Combined(List<Failure> failures)
    {
        List<Failure> ordered =
        [
            .. failures.Where(failure => failure.IsOfItem).OrderBy(failure => failure.Index),
            .. failures.Where(failure => !failure.IsOfItem),
        ];
        var exceptions = Annotated(ordered);
        return Combine?.Invoke(ordered, _itemFailures) ?? new AggregateException(exceptions);
    }

    private OperationCanceledException Cancelled(List<Failure> failures) => failures switch
    {
        [] => new OperationCanceledException(Token),
        [_] when stopsAtFirst => new CanceledWithFailureException(Annotated(failures)[0], Token),
        _ => new CanceledWithFailureException(Combined(failures), Token),
    };

    private bool Add(Failure failure)
    {
        if (!KeepsItemFailures && failure.IsOfItem)
        {
            AnnotateFirst(failure);
        }

        lock (_lock)
        {
            // The token's callback may not have run yet, although the cancellation came first.
            var cancelledFirst = callerToken.IsCancellationRequested && TrySetCause(Cause.Cancellation);
            if (!failure.IsOfItem || _itemFailures++ == 0 || KeepsItemFailures || stopsAtFirst)
            {
                (_failures ??= []).Add(failure);
            }

            return cancelledFirst || (stopsAtFirst && TrySetCause(Cause.Failure));
        }
    }

    private bool TrySetCause(Cause cause)
    {
        if (_cause != Cause.None)
        {
            return false;
        }

        _cause = cause;
        return true;
    }

    /// <summary>A failure, with the item it belongs to; the index is negative if it belongs to none.</summary>
    internal readonly record struct Failure(long Index, object? Item, Exception Exception)
    {
        public bool IsOfItem => Index >= 0;
    }
}
