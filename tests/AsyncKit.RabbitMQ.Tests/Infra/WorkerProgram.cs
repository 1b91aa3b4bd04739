using System.Globalization;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>The entry point of the test assembly: a worker that tests kill. Arguments: the URI, the name, the limit, the
/// time of an item in milliseconds and the maximum number of deliveries. It waits for the broker, prints each item that it
/// starts, and drains on SIGTERM. An item below zero ends the process.</summary>
internal static class WorkerProgram
{
    public static async Task<int> Main(string[] args)
    {
        await using var remote = await ConnectAsync(new Uri(args[0]));
        var time = TimeSpan.FromMilliseconds(int.Parse(args[3], CultureInfo.InvariantCulture));
        return await GracefulShutdown.RunAsync(async shutdown =>
        {
            Console.WriteLine("serving");
            await remote.ServeAsync(
                args[1],
                new RabbitServeOptions(int.Parse(args[2], CultureInfo.InvariantCulture))
                {
                    MaxDeliveries = int.Parse(args[4], CultureInfo.InvariantCulture),
                },
                Json.Default.Int32,
                Json.Default.Int32,
                async (item, cancellationToken) =>
                {
                    Console.WriteLine($"start {item}");
                    if (item < 0)
                    {
                        Environment.FailFast("A poison item.");
                    }

                    await Task.Delay(time, cancellationToken);
                    return item * 2;
                },
                shutdown.Stopping);
            Console.WriteLine("drained");
        });
    }

    private static async Task<RabbitRemote> ConnectAsync(Uri broker)
    {
        while (true)
        {
            try
            {
                return await RabbitRemote.ConnectAsync(broker, RabbitTests.Quick);
            }
            catch (IOException)
            {
                await Task.Delay(RabbitTests.Quick.ReconnectDelay.Delays(0).First()); // The broker restarts.
            }
        }
    }
}
