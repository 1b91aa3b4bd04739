using Microsoft.Extensions.Hosting;

namespace AsyncKit.RabbitMQ;

/// <summary>Serves one operation in a host. The stop of the host drains it.</summary>
internal sealed class RemoteWorkerService(RemoteService remote, Func<RabbitRemote, CancellationToken, Task> serve)
    : BackgroundService
{
    private volatile bool _isStopping;

    /// <summary>Whether the host stops it.</summary>
    public bool IsStopping => _isStopping;

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        return base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => serve(remote.Remote, stoppingToken);
}
