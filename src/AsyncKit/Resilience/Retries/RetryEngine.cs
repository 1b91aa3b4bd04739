using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Polly;
using Polly.Retry;

namespace AsyncKit;

/// <summary>Runs operations under one <see cref="RetryOptions"/>, with a Polly pipeline as its loop.</summary>
/// <remarks>The pipeline loops and waits, but the options make every decision. It is entered after the first attempt
/// failed, with that failure as its first outcome. So an operation that succeeds at once does not pay for
/// it.</remarks>
internal sealed class RetryEngine
{
    private static readonly ResiliencePropertyKey<RetryState> StateKey = new("AsyncKit.Retry");

    private readonly ResiliencePipeline? _pipeline;

    public RetryEngine(RetryOptions options, TimeProvider clock)
    {
        Options = options;
        Clock = clock;
        _pipeline = options.MaxAttempts > 1 ? Build(options, clock) : null;
    }

    public RetryOptions Options { get; }

    public TimeProvider Clock { get; }

    public ValueTask<TResult> RunAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation, TState state, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        return Options.TotalTimeout is { } total
            ? DeadlineEngine.RunAsync(
                static (call, token) => call.Engine.AttemptsAsync(call.Operation, call.State, token),
                (Engine: this, Operation: operation, State: state),
                new DeadlineContext(Clock, total, Options.Name, Logger: Options.Logger),
                cancellationToken)
            : AttemptsAsync(operation, state, cancellationToken);
    }

    private static ResiliencePipeline Build(RetryOptions options, TimeProvider clock) =>
        new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.MaxAttempts - 1,
                ShouldHandle = static arguments => new ValueTask<bool>(
                    arguments.Outcome.Exception is { } exception
                    && !arguments.Context.CancellationToken.IsCancellationRequested
                    && StateOf(arguments.Context).ShouldRetry(exception)),
                DelayGenerator = static arguments => new ValueTask<TimeSpan?>(StateOf(arguments.Context).Delay),
                OnRetry = arguments =>
                {
                    Report(options, StateOf(arguments.Context));
                    return default;
                },
            })
            .Build();

    private static RetryState StateOf(ResilienceContext context) => context.Properties.GetValue(StateKey, null!);

    private static void Report(RetryOptions options, RetryState retry)
    {
        try
        {
            ResilienceTelemetry.Retries.Add(1);
            if (options.Logger is { } logger)
            {
                Log.Retrying(logger, DeadlineContext.SubjectOf(options.Name), retry.Attempts, retry.Delay, retry.Last!);
            }
        }
        catch (Exception)
        {
            // A listener or a logger that throws must not fail the operation.
        }

        retry.Caller.RestoreFlow();
        options.OnRetry?.Invoke(new RetryAttempt(retry.Attempts, retry.Delay, retry.Last!));
    }

    private ValueTask<TResult> AttemptsAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation, TState state, CancellationToken token)
    {
        long startedAt;
        try
        {
            Options.Budget?.OnOperation();
            startedAt = Options.TotalTimeout is null ? 0 : Clock.GetTimestamp();
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<TResult>(exception);
        }

        var caller = CallerContext.Capture(); // Before the operation, which may change the context.
        if (Options.AttemptTimeout is not null)
        {
            return AwaitFirstAsync(operation, state, default, startedAt, caller, token);
        }

        ValueTask<TResult> attempt;
        try
        {
            attempt = operation(state, token);
        }
        catch (Exception exception)
        {
            attempt = ValueTask.FromException<TResult>(exception);
        }

        return attempt.IsCompletedSuccessfully
            ? attempt
            : AwaitFirstAsync(operation, state, attempt, startedAt, caller, token);
    }

    /// <param name="operation">The operation.</param>
    /// <param name="state">The argument of the operation.</param>
    /// <param name="attempt">The first attempt, which is running already unless attempts have a limit.</param>
    /// <param name="startedAt">The timestamp that the total timeout is measured from.</param>
    /// <param name="caller">Where the first attempt began, and the others begin too.</param>
    /// <param name="token">The token of the caller or of the total timeout.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> AwaitFirstAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        ValueTask<TResult> attempt,
        long startedAt,
        CallerContext caller,
        CancellationToken token)
    {
        DeadlineOutcome<TResult> first;
        try
        {
            first = Options.AttemptTimeout is null
                ? new(await attempt.NoContext(), null)
                : await AttemptAsync(operation, state, token).NoContext();
        }
        catch (Exception exception)
        {
            first = new(default!, exception);
        }

        return first.Exception is null
            ? first.Result
            : await RetryAsync(operation, state, first, startedAt, caller, token).NoContext();
    }

    private async ValueTask<TResult> RetryAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        DeadlineOutcome<TResult> first,
        long startedAt,
        CallerContext caller,
        CancellationToken token)
    {
        var retry = new RetryState(this, startedAt, AsyncEnvironment.Random, caller);
        retry.Record(first.Exception!, first.IsTimeout);
        if (_pipeline is null || token.IsCancellationRequested)
        {
            ExceptionDispatchInfo.Throw(retry.GetExceptionToThrow(first.Exception!, token));
        }

        await caller; // The pipeline calls user code from here on, and returns here after each of its waits.
        Outcome<TResult> outcome;
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true, token);
        try
        {
            context.Properties.Set(StateKey, retry);
            outcome = await _pipeline.ExecuteOutcomeAsync(
                static (context, call) => call.Engine.NextAsync(call.Operation, call.State, call.Retry, context),
                context,
                (Engine: this, Operation: operation, State: state, Retry: retry)).NoContext();
        }
        catch (Exception exception)
        {
            outcome = Outcome.FromException<TResult>(exception); // A callback of the options threw it.
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }

        if (outcome.Exception is { } toThrow)
        {
            ExceptionDispatchInfo.Throw(retry.GetExceptionToThrow(toThrow, token));
        }

        return outcome.Result!;
    }

    /// <summary>Returns the failure of the first attempt to Polly; after that, runs an attempt.</summary>
    private async ValueTask<Outcome<TResult>> NextAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        RetryState retry,
        ResilienceContext context)
    {
        if (retry.TakeFirst() is { } first)
        {
            return Outcome.FromException<TResult>(first);
        }

        retry.Caller.RestoreFlow();
        var attempt = await AttemptAsync(operation, state, context.CancellationToken).NoContext();
        if (attempt.Exception is not { } exception)
        {
            return Outcome.FromResult(attempt.Result);
        }

        retry.Record(exception, attempt.IsTimeout);
        return Outcome.FromException<TResult>(exception);
    }

    private static async ValueTask<DeadlineOutcome<TResult>> UnlimitedAttemptAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation, TState state, CancellationToken token)
    {
        try
        {
            return new(await operation(state, token).NoContext(), null);
        }
        catch (Exception exception)
        {
            return new(default!, exception);
        }
    }

    private ValueTask<DeadlineOutcome<TResult>> AttemptAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation, TState state, CancellationToken token)
    {
        if (Options.AttemptTimeout is not { } limit)
        {
            return UnlimitedAttemptAsync(operation, state, token);
        }

        var context = new DeadlineContext(Clock, limit, Options.Name, Logger: Options.Logger);
        return limit == TimeSpan.Zero
            ? new(new DeadlineOutcome<TResult>(default!, context.TimedOut(), IsTimeout: true))
            : DeadlineEngine.TryRunAsync(operation, state, context, token);
    }
}
