namespace AsyncKit;

/// <summary>
/// What went wrong in a run, in the order it was seen, and which came first: a failure or the caller's cancellation.
/// </summary>
internal sealed class FailureRecord(FailureMode mode, CancellationToken callerToken)
{
    private const int NoItem = -1;

    private readonly Lock _lock = new();
    private List<FanOutFailure>? _failures;
    private Cause _cause;
    private volatile bool _isIncomplete;

    private enum Cause
    {
        None,
        Failure,
        Cancellation,
        Success,
    }

    /// <summary>Some item was not run, or not to its end.</summary>
    public void MarkIncomplete() => _isIncomplete = true;

    /// <returns>True when this was the first cause, which stops the run.</returns>
    public bool AddCancellation()
    {
        lock (_lock)
        {
            return TrySetCause(Cause.Cancellation);
        }
    }

    /// <summary>One success is all that was wanted.</summary>
    /// <inheritdoc cref="AddCancellation"/>
    public bool AddSuccess()
    {
        lock (_lock)
        {
            return TrySetCause(callerToken.IsCancellationRequested ? Cause.Cancellation : Cause.Success);
        }
    }

    /// <inheritdoc cref="AddCancellation"/>
    public bool AddItemFailure(long index, object? item, Exception exception) =>
        Add(new FanOutFailure(ItemState.ShownIndex(index), item, exception), stops: mode == FailureMode.StopAtFirst);

    /// <summary>A failure of the source or of a cancellation callback: of no item, and after all items' in
    /// order.</summary>
    /// <inheritdoc cref="AddCancellation"/>
    public bool AddRunFailure(Exception exception) =>
        Add(new FanOutFailure(NoItem, null, exception), stops: mode == FailureMode.StopAtFirst);

    /// <summary>Whether the caller's cancellation was the first cause.</summary>
    public bool IsCancelled => _cause == Cause.Cancellation && _isIncomplete;

    /// <summary>Whether something is recorded that the run ends with.</summary>
    public bool HasCause => _cause != Cause.None || _failures is { Count: > 0 };

    /// <summary>The token whose cancellation is told, if it is not that of the run: it may be linked from several.</summary>
    public Func<CancellationToken>? ReportedToken { get; set; }

    /// <summary>Makes one exception of all failures, where they are not of items of a fan-out.</summary>
    public Func<IEnumerable<Exception>, Exception>? Combine { get; init; }

    /// <summary>What the source or a cancellation callback has thrown; called when the run has ended.</summary>
    public Exception? RunFailure() => _failures?.Where(failure => failure.Index == NoItem).ToList() switch
    {
        null or [] => null,
        [var one] => one.Exception,
        var several => new AggregateException(several.Select(failure => failure.Exception)),
    };

    /// <summary>How the run has ended; called once, after its last worker.</summary>
    /// <returns>The cancellation, or the exceptions that fault the run, or nothing: then every item has
    /// succeeded.</returns>
    public (OperationCanceledException? Cancelled, IReadOnlyList<Exception> Faults) Conclude()
    {
        var failures = _failures ?? [];
        if (_cause == Cause.Cancellation && (_isIncomplete || (failures.Count > 0 && mode == FailureMode.StopAtFirst)))
        {
            return (Cancelled(failures), []);
        }

        return failures switch
        {
            _ when _cause == Cause.Success => (null, []),
            [] => (null, []),
            _ when mode == FailureMode.StopAtFirst => (null, Annotated(failures)),
            _ => (null, [AllOf(failures)]),
        };
    }

    private static List<Exception> Annotated(List<FanOutFailure> failures)
    {
        // Backwards, so that an exception object that several items threw keeps the index of the first.
        for (var i = failures.Count - 1; i >= 0; i--)
        {
            if (failures[i].Index != NoItem)
            {
                Annotate(failures[i]);
            }
        }

        return failures.ConvertAll(failure => failure.Exception);
    }

    private static void Annotate(FanOutFailure failure)
    {
        try
        {
            failure.Exception.Data[FanOut.IndexDataKey] = failure.Index;
        }
        catch (Exception)
        {
            // Data is virtual: an exception class that refuses the entry must not replace its own report.
        }
    }

    private Exception AllOf(List<FanOutFailure> failures)
    {
        if (Combine is not null)
        {
            return Combine(failures.Select(failure => failure.Exception));
        }

        var ofItems = failures.Where(failure => failure.Index != NoItem).OrderBy(failure => failure.Index);
        var ofTheRun = failures.Where(failure => failure.Index == NoItem);
        List<FanOutFailure> ordered = [.. ofItems, .. ofTheRun];
        return new FanOutException(
            [.. ordered.TakeWhile(failure => failure.Index != NoItem)], Annotated(ordered));
    }

    private OperationCanceledException Cancelled(List<FanOutFailure> failures) => failures switch
    {
        [] => new OperationCanceledException(Token),
        [_] when mode == FailureMode.StopAtFirst => new CanceledWithFailureException(Annotated(failures)[0], Token),
        _ => new CanceledWithFailureException(AllOf(failures), Token),
    };

    private CancellationToken Token => ReportedToken?.Invoke() ?? callerToken;

    private bool Add(FanOutFailure failure, bool stops)
    {
        lock (_lock)
        {
            // The token may have been cancelled a moment ago and its callback not have come yet: then that was first.
            var cancelledFirst = callerToken.IsCancellationRequested && TrySetCause(Cause.Cancellation);
            (_failures ??= []).Add(failure);
            return cancelledFirst || (stops && TrySetCause(Cause.Failure));
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
}
