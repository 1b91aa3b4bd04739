using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ;

/// <summary>Keeps one link to the broker: replaces it when it is lost, until disposal.</summary>
/// <remarks>
/// Invariants: (1) <see cref="Current"/> is the last link that was opened; it may be lost. (2) A link becomes current
/// before <see cref="Link.NextAsync"/> of the previous link completes and before <c>resume</c> runs. (3) After disposal
/// every <see cref="Link.NextAsync"/> is faulted.
/// </remarks>
internal sealed class LinkKeeper : IAsyncDisposable
{
    private readonly ConnectionFactory _factory;
    private readonly RabbitRemoteOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _closing = new();
    private readonly Func<Link, Task> _prepare;
    private readonly Action<Link> _resume;
    private Link _current;
    private Task _loop = Task.CompletedTask;
    private Task _disposals = Task.CompletedTask;

    /// <param name="factory">The settings of the connection.</param>
    /// <param name="first">The first link, which is open.</param>
    /// <param name="options">The options of the remote.</param>
    /// <param name="logger">The logger of the remote.</param>
    /// <param name="prepare">Restores the reply consumer on a new link, before anything is published on it.</param>
    /// <param name="resume">Publishes unconfirmed items on a new link.</param>
    public LinkKeeper(
        ConnectionFactory factory,
        Link first,
        RabbitRemoteOptions options,
        ILogger logger,
        Func<Link, Task> prepare,
        Action<Link> resume)
    {
        _factory = factory;
        _options = options;
        _logger = logger;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
        _prepare = prepare;
        _resume = resume;
        _current = first;
    }

    public Link Current => Volatile.Read(ref _current);

    public void Start() => _loop = RunAsync();

    /// <summary>Stops reconnecting. The current link stays open until disposal.</summary>
    public Task StopAsync() => AsyncEnvironment.CancelAsync(_closing);

    public async ValueTask DisposeAsync()
    {
        await StopAsync().NoThrow();
        await _loop.NoThrow();
        await _disposals.NoContext();
        await Current.DisposeAsync().NoContext();
        Current.SetNoNext(new ObjectDisposedException(nameof(RabbitRemote)));
    }

    private async Task RunAsync()
    {
        await AsyncEnvironment.ToPool();
        while (true)
        {
            var lost = Current;
            await lost.LostTask.WaitAsync(_closing.Token).NoContext();
            RemoteLog.ConnectionLost(_logger, lost.Reason);
            _disposals = Task.WhenAll(_disposals, lost.DisposeAsync().AsTask()); // A stalled connection delays nothing.
            var next = await ReplaceAsync(lost).NoContext();
            Interlocked.Exchange(ref _current, next); // A full fence: see Caller.Add.
            lost.SetNext(next);
            _resume(next);
        }
    }

    private async Task<Link> ReplaceAsync(Link lost)
    {
        using var delays = _options.ReconnectDelay.Delays(AsyncEnvironment.Random.Next()).GetEnumerator();
        for (var attempt = 1; ; attempt++)
        {
            _ = delays.MoveNext();
            await Task.Delay(delays.Current, _clock, _closing.Token).NoContext();
            Link? next = null;
            try
            {
                next = await Link.OpenAsync(lost.Number + 1, _factory, _options, _logger, _closing.Token).NoContext();
                await _prepare(next).WaitAsync(_closing.Token).NoContext();
                RemoteTelemetry.Reconnects.Add(1);
                RemoteLog.Reconnected(_logger, attempt);
                return next;
            }
            catch (Exception exception)
            {
                if (next is not null)
                {
                    await next.DisposeAsync().NoContext();
                }

                _closing.Token.ThrowIfCancellationRequested();
                RemoteLog.ReconnectFailed(_logger, attempt, exception.Message);
            }
        }
    }
}
