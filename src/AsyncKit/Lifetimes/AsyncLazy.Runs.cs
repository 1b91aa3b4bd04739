using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>The runs of the factory, one after the other.</content>
public sealed partial class AsyncLazy<T>
{
    private LazyRun NewRun()
    {
        LeakCounter.Begin();
        return _node.Run = new LazyRun();
    }

    private void Start(LazyRun? run)
    {
        if (run is not null)
        {
            ThreadPoolWork.Queue(() => _ = RunAsync(run));
        }
    }

    private async Task RunAsync(LazyRun run)
    {
        LazyNode.Enter(run);
        LazyOutcome<T> outcome;
        try
        {
            outcome = new LazyOutcome<T>(await _factory(run.Token).NoContext());
        }
        catch (Exception exception)
        {
            outcome = new LazyOutcome<T>(exception);
        }

        lock (_lock)
        {
            _outcome = outcome;
            run.HasEnded = true; // From here on nobody cancels it.
        }

        _ = LetGoAsync(run);
    }

    /// <summary>Under the lock.</summary>
    /// <returns>The run that is to be cancelled now, with a hold for that.</returns>
    private LazyRun? TryAbandon()
    {
        if (_node.Run is not { HasEnded: false, IsAbandoned: false } run)
        {
            return null;
        }

        run.IsAbandoned = true;
        run.Holds++;
        return run;
    }

    private void Cancel(LazyRun? run)
    {
        if (run is not null)
        {
            var cancelling = AsyncEnvironment.CancelAsync(run.Source);
            ThreadPoolWork.Queue(() => _ = CancelledAsync(run, cancelling));
        }
    }

    private async Task CancelledAsync(LazyRun run, Task cancelling)
    {
        try
        {
            await cancelling.NoContext();
        }
        catch (Exception)
        {
            // What a callback of the factory throws: nobody waits who could be told.
        }

        _ = LetGoAsync(run);
    }

    /// <summary>The last hold ends the run. A value that nobody gets is disposed before another run begins.</summary>
    private async Task LetGoAsync(LazyRun run)
    {
        LazyOutcome<T> outcome;
        bool isOrphan;
        var ended = default(Ended);
        lock (_lock)
        {
            if (--run.Holds > 0)
            {
                return;
            }

            outcome = _outcome;
            isOrphan = outcome.Failure is null
                && (_disposal is not null || (run.IsForgotten && _waiters.Count == 0));
            if (!isOrphan)
            {
                ended = End(run, outcome);
            }
        }

        Exception? thrown = null;
        if (isOrphan)
        {
            try
            {
                await Disposal.DisposeAsync(outcome.Value).NoContext();
            }
            catch (Exception exception)
            {
                thrown = exception; // Told by who disposes; after a reset there is nobody to tell.
            }

            lock (_lock)
            {
                ended = End(run, outcome);
            }
        }

        if (ended.Disposal is not null && (outcome.Failure is not { } failure || Cancellation.Is(failure.SourceException)))
        {
            outcome = new LazyOutcome<T>(Disposed());
        }

        run.Source.Dispose();
        LeakCounter.End();
        Start(ended.Next);
        ended.Told.ForEach(waiter => waiter.Complete(outcome));
        if (ended.Disposal is { } disposal)
        {
            AsyncEnvironment.Complete(disposal, thrown is null ? Task.FromResult(true) : Task.FromException<bool>(thrown));
        }
    }

    /// <summary>Under the lock.</summary>
    private Ended End(LazyRun run, LazyOutcome<T> outcome)
    {
        (_node.Run, _outcome) = (null, default);
        var told = _waiters;
        _waiters = [];
        LazyRun? next = null;
        if (Keep(run, outcome))
        {
            told.AddRange(_later);
            _later.Clear();
        }
        else if (_later.Count > 0)
        {
            next = NewRun();
            (_waiters, _later) = (_later, _waiters);
        }

        return new Ended(told, next, _runEnded);
    }

    /// <summary>Under the lock, when a run has ended.</summary>
    private bool Keep(LazyRun run, LazyOutcome<T> outcome)
    {
        if (run.IsForgotten || _disposal is not null)
        {
            return false;
        }

        if (outcome.Failure is null)
        {
            _created = new StrongBox<T>(outcome.Value);
            return true;
        }

        var isKept = _cacheFailures && !run.IsAbandoned;
        _failure = isKept ? outcome : null;
        return isKept;
    }

    private async Task DisposeCoreAsync(StrongBox<T>? created)
    {
        var end = Task.FromResult(true);
        try
        {
            await (_runEnded?.Task.Unwrap() ?? Task.CompletedTask).NoContext();
            await Disposal.DisposeAsync(created is null ? null : created.Value).NoContext();
        }
        catch (Exception exception)
        {
            end = Task.FromException<bool>(exception);
        }

        AsyncEnvironment.Complete(_disposal!, end);
    }

    private static ObjectDisposedException Disposed() => new($"AsyncLazy<{typeof(T).Name}>");

    /// <summary>What is to be done outside the lock when a run has ended.</summary>
    private readonly record struct Ended(
        List<LazyWaiter<T>> Told, LazyRun? Next, TaskCompletionSource<Task<bool>>? Disposal);
}
