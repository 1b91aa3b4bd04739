using AsyncKit.Hosting;
using Microsoft.Extensions.Hosting;

namespace AsyncKit.Diagnostics;

/// <summary>Runs a detector from before the first hosted service starts until the last one has stopped.</summary>
internal sealed class BlockingDetectorService(DetectorSettings settings) : IHostedLifecycleService, IAsyncDisposable
{
    private BlockingDetector? _detector;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _detector ??= settings.IsEnabled ? BlockingDetector.Start(settings.Options) : null;
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _detector, null)?.DisposeAsync() ?? default;
}
