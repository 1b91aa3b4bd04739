using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Polly;
using Polly.Retry;

namespace AsyncKit;

/// <summary>
/// What a <see cref="RetryOptions"/> comes to: a Polly pipeline that loops and waits, and decides nothing by itself. It is
/// entered when the first attempt has failed, with that failure as its first outcome; so an operation that succeeds at once
/// does not pay for it.
/// </summary>
internal sealed class RetryEngine
{
    private static readonly ResiliencePropertyKey<RetryCall> CallKey = new("AsyncKit.Retry");

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
                    && CallOf(arguments.Context).ShouldGoOn(exception)),
                DelayGenerator = static arguments => new ValueTask<TimeSpan?>(CallOf(arguments.Context).Delay),
                OnRetry = arguments =>
                {
                    Report(options, CallOf(arguments.Context));
                    return default;
                },
            })
            .Build();

    private static RetryCall CallOf(ResilienceContext context) => context.Properties.GetValue(CallKey, null!);

    private static void Report(RetryOptions options, RetryCall call)
    {
        try
        {
            ResilienceTelemetry.Retries.Add(1);
            if (options.Logger is { } logger)
            {
                Log.Retrying(logger, DeadlineContext.SubjectOf(options.Name), call.Attempts, call.Delay, call.Last!);
            }
        }
        catch (Exception)
        {
            // A listener or a logger that throws must not end the operation.
        }

        options.OnRetry?.Invoke(new RetryAttempt(call.Attempts, call.Delay, call.Last!));
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
        catch (Exception ofClock)
        {
            return ValueTask.FromException<TResult>(ofClock);
        }

        if (Options.AttemptTimeout is not null)
        {
            return AfterFirstAsync(operation, state, default, startedAt, token);
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
            : AfterFirstAsync(operation, state, attempt, startedAt, token);
    }

    /// <param name="operation">What is tried.</param>
    /// <param name="state">Given to it.</param>
    /// <param name="attempt">The first, which has begun unless attempts have a limit.</param>
    /// <param name="startedAt">For the total timeout.</param>
    /// <param name="token">The caller's or the total timeout's.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> AfterFirstAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        ValueTask<TResult> attempt,
        long startedAt,
        CancellationToken token)
    {
        Attempt<TResult> first;
        try
        {
            first = Options.AttemptTimeout is null
                ? new(await attempt.NoContext())
                : await LimitedAttemptAsync(operation, state, token).NoContext();
        }
        catch (Exception exception)
        {
            first = new(exception, isOwnTimeout: false);
        }

        return first.Exception is null
            ? first.Result
            : await RetryAsync(operation, state, first, startedAt, token).NoContext();
    }

    private async ValueTask<TResult> RetryAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        Attempt<TResult> first,
        long startedAt,
        CancellationToken token)
    {
        var call = new RetryCall(this, startedAt, AsyncEnvironment.Random);
        call.Fail(first.Exception!, first.IsOwnTimeout);
        if (_pipeline is null || token.IsCancellationRequested)
        {
            ExceptionDispatchInfo.Throw(call.ToThrow(first.Exception!, token));
        }

        Outcome<TResult> outcome;
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: AsyncEnvironment.Controller is not null, token);
        try
        {
            context.Properties.Set(CallKey, call);
            outcome = await _pipeline.ExecuteOutcomeAsync(
                static (context, retry) => retry.Engine.OutcomeAsync(retry.Operation, retry.State, retry.Call, context),
                context,
                (Engine: this, Operation: operation, State: state, Call: call)).NoContext();
        }
        catch (Exception ofCallback)
        {
            outcome = Outcome.FromException<TResult>(ofCallback); // Of the options.
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }

        if (outcome.Exception is { } exception)
        {
            ExceptionDispatchInfo.Throw(call.ToThrow(exception, token));
        }

        return outcome.Result!;
    }

    private async ValueTask<Outcome<TResult>> OutcomeAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        RetryCall call,
        ResilienceContext context)
    {
        if (call.TakeFirst() is { } first)
        {
            return Outcome.FromException<TResult>(first);
        }

        var token = context.CancellationToken;
        try
        {
            if (Options.AttemptTimeout is null)
            {
                return Outcome.FromResult(await operation(state, token).NoContext());
            }

            var attempt = await LimitedAttemptAsync(operation, state, token).NoContext();
            if (attempt.Exception is null)
            {
                return Outcome.FromResult(attempt.Result);
            }

            call.Fail(attempt.Exception, attempt.IsOwnTimeout);
            return Outcome.FromException<TResult>(attempt.Exception);
        }
        catch (Exception exception)
        {
            call.Fail(exception, isOwnTimeout: false);
            return Outcome.FromException<TResult>(exception);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Attempt<TResult>> LimitedAttemptAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation, TState state, CancellationToken token)
    {
        var terms = new DeadlineContext(Clock, Options.AttemptTimeout!.Value, Options.Name, Logger: Options.Logger);
        if (terms.Limit == TimeSpan.Zero)
        {
            return new(terms.TimedOut(terms.Limit, TimeSpan.Zero, null), isOwnTimeout: true);
        }

        var scope = DeadlineOperation<TResult>.Begin(terms, token);
        TResult result;
        try
        {
            result = await operation(state, scope.Token).NoContext();
        }
        catch (Exception exception)
        {
            var translated = scope.Translate(exception);
            var ofCallbacks = await scope.EndAsync().NoContext();
            var isOwn = translated is TimeoutException && ReferenceEquals(translated.InnerException, exception);
            return new(DeadlineEngine.WithFailure(translated ?? exception, ofCallbacks, terms), isOwn);
        }

        DeadlineEngine.Report(await scope.EndAsync().NoContext(), terms);
        return new(result);
    }

    private readonly struct Attempt<TResult>
    {
        public Attempt(TResult result) => Result = result;

        public Attempt(Exception exception, bool isOwnTimeout) =>
            (Result, Exception, IsOwnTimeout) = (default!, exception, isOwnTimeout);

        public TResult Result { get; }

        public Exception? Exception { get; }

        public bool IsOwnTimeout { get; }
    }
}
