using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AsyncKit.RabbitMQ;

/// <summary>Connects the remote of a host before its other services start.</summary>
/// <remarks>Lifetime: that of the container, which disposes the remote after the hosted services have
/// stopped.</remarks>
internal sealed class RemoteService(
    IServiceProvider provider, Func<IServiceProvider, Uri> uri, RabbitRemoteOptions options)
    : IHostedLifecycleService, IAsyncDisposable
{
    private RabbitRemote? _remote;

    public RabbitRemote? Connected => Volatile.Read(ref _remote);

    public RabbitRemote Remote => Connected
        ?? throw new InvalidOperationException("The RabbitRemote of a host is connected when the host starts, not before.");

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var clock = options.TimeProvider == TimeProvider.System ? provider.GetService<TimeProvider>() : null;
        var completed = options with
        {
            Logger = options.Logger ?? provider.GetService<ILogger<RabbitRemote>>(),
            TimeProvider = clock ?? options.TimeProvider,
        };
        Volatile.Write(
            ref _remote, await RabbitRemote.ConnectAsync(uri(provider), completed, cancellationToken).NoContext());
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => Connected?.DisposeAsync() ?? default;
}
