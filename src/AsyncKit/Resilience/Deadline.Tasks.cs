namespace AsyncKit;

/// <content>Tasks that run already.</content>
public static partial class Deadline
{
    /// <summary>Waits for a task that runs already, but no longer than this. The task itself is not stopped: it runs on, its
    /// exception is observed, and it is counted as abandoned.</summary>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="task">What runs.</param>
    /// <param name="timeout">Zero or more. Zero means not at all, unless it has ended;
    /// <see cref="Timeout.InfiniteTimeSpan"/> and anything above 49 days mean as long as it takes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The task's result.</returns>
    /// <exception cref="ArgumentNullException">The task is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the time has passed. Names it and how long it was.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>The one method that returns while what it was given still runs. Where the operation can take a token, RunAsync
    /// stops it instead. Cost: a timer and a few objects, unless the task has ended.</remarks>
    public static Task<TResult> WithTimeoutAsync<TResult>(
        this Task<TResult> task, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var terms = Terms(timeout, nameof(timeout));
        return Guards.NotNull(task).IsCompleted ? task : WalkAwayAsync(task, terms, cancellationToken);
    }

    /// <inheritdoc cref="WithTimeoutAsync{TResult}(Task{TResult}, TimeSpan, CancellationToken)"/>
    public static Task WithTimeoutAsync(
        this Task task, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var terms = Terms(timeout, nameof(timeout));
        return Guards.NotNull(task).IsCompleted ? task : WalkAwayAsync(task, terms, cancellationToken);
    }

    /// <summary>Waits for a task that runs already, but no longer than the options say. The task itself is not stopped: it
    /// runs on, its exception is observed, and it is counted and logged as abandoned.</summary>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="task">What runs.</param>
    /// <param name="options">The limit, the name and the log. A grace period is refused: there is none.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The task's result.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options have a grace period; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the time has passed. Names it and how long it was.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    public static Task<TResult> WithTimeoutAsync<TResult>(
        this Task<TResult> task, DeadlineOptions options, CancellationToken cancellationToken = default)
    {
        var terms = TermsWithoutGrace(options);
        return Guards.NotNull(task).IsCompleted ? task : WalkAwayAsync(task, terms, cancellationToken);
    }

    /// <inheritdoc cref="WithTimeoutAsync{TResult}(Task{TResult}, DeadlineOptions, CancellationToken)"/>
    public static Task WithTimeoutAsync(
        this Task task, DeadlineOptions options, CancellationToken cancellationToken = default)
    {
        var terms = TermsWithoutGrace(options);
        return Guards.NotNull(task).IsCompleted ? task : WalkAwayAsync(task, terms, cancellationToken);
    }

    private static DeadlineContext TermsWithoutGrace(DeadlineOptions options) => Terms(options) is { Grace: null } terms
        ? terms
        : throw new ArgumentException(
            "GracePeriod must be null for WithTimeoutAsync, which cannot stop the task and leaves at the limit.",
            nameof(options));

    private static async Task<TResult> WalkAwayAsync<TResult>(
        Task<TResult> task, DeadlineContext terms, CancellationToken cancellationToken)
    {
        await WaitAsync(task, terms, cancellationToken).NoContext();
        return await task.NoContext();
    }

    private static async Task WalkAwayAsync(Task task, DeadlineContext terms, CancellationToken cancellationToken)
    {
        await WaitAsync(task, terms, cancellationToken).NoContext();
        await task.NoContext();
    }

    /// <summary>Returns when the task has ended, whatever became of it.</summary>
    private static async Task WaitAsync(Task task, DeadlineContext terms, CancellationToken cancellationToken)
    {
        var startedAt = 0L;
        var limit = Guards.ForTimer(terms.Limit);
        try
        {
            startedAt = terms.Clock.GetTimestamp();
            await task.WaitAsync(limit, terms.Clock, cancellationToken).NoContext();
        }
        catch (Exception exception) when (!task.IsCompleted)
        {
            _ = DeadlineEngine.AbandonAsync(task, terms);
            if (cancellationToken.IsCancellationRequested)
            {
                throw Cancellation.ByCaller(exception, cancellationToken);
            }

            if (exception is not TimeoutException)
            {
                throw; // Of the clock.
            }

            throw terms.TimedOut(terms.Clock.GetElapsedTime(startedAt));
        }
        catch (Exception)
        {
            // Its own, which the caller throws.
        }
    }
}
