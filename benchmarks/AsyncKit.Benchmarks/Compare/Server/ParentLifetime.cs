namespace AsyncKit.Benchmarks;

/// <summary>Only the parent ends the server, so the host must not listen to signals.</summary>
internal sealed class ParentLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
