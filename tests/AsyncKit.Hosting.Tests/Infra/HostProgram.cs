using System.Runtime.InteropServices;

namespace AsyncKit.Hosting.Tests;

/// <summary>The entry point of the test assembly: a host with a GracefulShutdown inside, which handles the signals of its
/// defaults if the argument is "both", and none otherwise. SIGCONT ends its drain: unlike SIGHUP and SIGINT, no parent lets it be ignored.</summary>
internal static class HostProgram
{
    public static async Task<int> Main(string[] args)
    {
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
#pragma warning disable CA1416 // The test sends it by kill.
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => drained.TrySetResult());
#pragma warning restore CA1416
        var options = args is ["both"] ? new GracefulShutdownOptions() : new GracefulShutdownOptions { Signals = [] };
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddHostedService(provider =>
            new Work(options, drained.Task, provider.GetRequiredService<IHostApplicationLifetime>()));
        using var host = builder.Build();

        await host.RunAsync();

        Console.WriteLine("host stopped");
        return 0;
    }

    private sealed class Work(GracefulShutdownOptions options, Task drained, IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await using var registration = lifetime.ApplicationStopping.Register(static () => Console.WriteLine("host is stopping"));
            var code = await GracefulShutdown.RunAsync(
                async shutdown =>
                {
                    Console.WriteLine("working");
                    var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    await using var stop = shutdown.Stopping.Register(stopping.SetResult);
                    await stopping.Task;
                    Console.WriteLine("draining");
                    await drained;
                    Console.WriteLine("drained");
                },
                options,
                stoppingToken);
            Console.WriteLine($"exit code {code}");
        }
    }
}
