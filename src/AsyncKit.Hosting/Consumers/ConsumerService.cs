using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AsyncKit.Hosting;

/// <summary>Runs a consumer in a host: starts, restarts, drains and aborts its runs.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <remarks>
/// Lifetime: that of the host. Invariants:
/// (1) One run at a time. Each restart has a new run, source and scope.
/// (2) The token that the base class cancels drains the run. The handlers' token is cancelled only after the shutdown
/// timeout.
/// (3) A host that stops while it starts cancels the token of the start. The consumer still drains in its turn,
/// because services that were added later still use it until they have stopped.
/// (4) After the stop, no run starts: the delay before a restart ends, and a run that sees a signalled drain token takes
/// nothing.
/// </remarks>
#pragma warning disable CA2213 // Abandoned handlers may still use the token; its source has no timer.
internal sealed class ConsumerService<T> : BackgroundService
#pragma warning restore CA2213
{
    private readonly CancellationTokenSource _abort = new();
    private readonly IServiceProvider _provider;
    private readonly FanOutConsumer _consumer;
    private readonly Func<IServiceProvider, IAsyncEnumerable<T>> _source;
    private readonly FanOutConsumerOptions _options;
    private readonly ConsumerRun<T> _run;
    private readonly ILogger _logger;

    public ConsumerService(
        IServiceProvider provider,
        FanOutConsumer consumer,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        Func<IServiceProvider, T, CancellationToken, ValueTask> handler)
    {
        (_provider, _consumer, _source) = (provider, consumer, source);
        _options = BoundOptions<FanOutConsumerOptions>.Get(provider, consumer.Name);
        _logger = new SafeLogger((ILogger?)provider.GetService<ILogger<FanOutConsumer>>() ?? NullLogger.Instance);
        _run = new ConsumerRun<T>(
            consumer, _options, provider.GetRequiredService<IServiceScopeFactory>(), handler, _logger);
    }

    public override Task StartAsync(CancellationToken cancellationToken) => base.StartAsync(CancellationToken.None);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (ExecuteTask is not { } running)
        {
            return;
        }

        if (_consumer.Drain())
        {
            ConsumerLog.Draining(_logger, _consumer.Name, _consumer.Active);
        }

        await base.StopAsync(cancellationToken).NoContext();
        if (running.IsCompleted)
        {
            if (_consumer.State == FanOutConsumerState.NotStarted)
            {
                _consumer.State = FanOutConsumerState.Stopped; // The stop was faster than the thread pool.
            }

            return;
        }

        ConsumerLog.Aborting(_logger, _consumer.Name, _consumer.Active);
        await AsyncEnvironment.CancelAsync(_abort).NoThrow();
        await running.WaitAsync(Guards.ForTimer(_options.AbortTimeout), _consumer.Clock, CancellationToken.None).NoThrow();
        if (!running.IsCompleted)
        {
            ConsumerLog.Abandoning(_logger, _consumer.Name, _options.AbortTimeout, _consumer.Active);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ConsumerLog.Started(_logger, _consumer.Name, _options.FanOut.MaxConcurrency);
        var delays = Delays();
        while (true)
        {
            var handled = _consumer.Succeeded + _consumer.Failed;
            var failure = await RunOnceAsync(stoppingToken).NoContext();
            if (failure is null)
            {
                return;
            }

            if (_options.WhenSourceFails == WhenSourceFails.StopHost || stoppingToken.IsCancellationRequested)
            {
                ConsumerLog.Failed(_logger, _consumer.Name, failure);
                _consumer.SourceFailed(failure, FanOutConsumerState.Failed);
                ExceptionDispatchInfo.Throw(failure);
            }

            delays = _consumer.Succeeded + _consumer.Failed > handled ? Delays() : delays;
            _ = delays.MoveNext();
            ConsumerLog.Restarting(_logger, _consumer.Name, delays.Current, failure);
            _consumer.SourceFailed(failure, FanOutConsumerState.Restarting);
            await Task.Delay(delays.Current, _consumer.Clock, stoppingToken).NoThrow();
            if (stoppingToken.IsCancellationRequested)
            {
                OnStopped();
                return;
            }
        }
    }

    private IEnumerator<TimeSpan> Delays() =>
        _options.RestartBackoff.Delays(AsyncEnvironment.Random.Next()).GetEnumerator();

    /// <summary>Runs until the source ends or the host stops.</summary>
    /// <returns>The exception that stopped the run; null if it ended as it should.</returns>
    private async Task<Exception?> RunOnceAsync(CancellationToken stoppingToken)
    {
        var cancelled = _consumer.Cancelled;
        try
        {
            _consumer.State = FanOutConsumerState.Running;
            if (await _run.RunAsync(_source, stoppingToken, _abort.Token).NoContext() is { } stoppedBy)
            {
                return stoppedBy;
            }
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            // The shutdown timeout has elapsed.
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            if (_consumer.Cancelled > cancelled)
            {
                ConsumerLog.LostItems(_logger, _consumer.Name, _consumer.Cancelled - cancelled);
            }
        }

        if (stoppingToken.IsCancellationRequested)
        {
            OnStopped();
        }
        else
        {
            ConsumerLog.SourceEnded(_logger, _consumer.Name, _consumer.Succeeded, _consumer.Failed);
            _consumer.State = FanOutConsumerState.Completed;
        }

        return null;
    }

    private void OnStopped()
    {
        ConsumerLog.Stopped(_logger, _consumer.Name, _consumer.Succeeded, _consumer.Failed);
        _consumer.State = FanOutConsumerState.Stopped;
    }
}
