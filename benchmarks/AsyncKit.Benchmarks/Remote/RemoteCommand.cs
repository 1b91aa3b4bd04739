using System.Globalization;
using AsyncKit.RabbitMQ;

namespace AsyncKit.Benchmarks;

/// <summary>Measures AsyncKit.RabbitMQ and RabbitMQ.Client by hand, on the broker of <c>--broker</c> or of the variable
/// ASYNCKIT_RABBITMQ, and prints the figures as Markdown.</summary>
internal static class RemoteCommand
{
    public const string Variable = "ASYNCKIT_RABBITMQ";
    private const string DefaultPath = "benchmarks/results/remote.md";

    /// <summary>The broker of the variable, or null.</summary>
    public static Uri? Broker =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } address ? new Uri(address) : null;

    public static int Run(string[] args) => RunAsync(args).GetAwaiter().GetResult();

    private static async Task<int> RunAsync(string[] args)
    {
        if (args is [("worker" or "raw") and var kind, var address, var name, var limit, var lookahead])
        {
            var options = new RabbitServeOptions(int.Parse(limit, CultureInfo.InvariantCulture))
            {
                Lookahead = int.Parse(lookahead, CultureInfo.InvariantCulture),
            };
            await ServeAsync(kind, new Uri(address), name, options);
            return 0;
        }

        var broker = Broker;
        var (path, parts) = (DefaultPath, RemoteReport.AllParts);
        for (var index = 0; index + 1 < args.Length; index += 2)
        {
            switch (args[index])
            {
                case "--broker":
                    broker = new Uri(args[index + 1]);
                    break;
                case "--out":
                    path = args[index + 1];
                    break;
                case "--only":
                    parts = args[index + 1].Split(',');
                    break;
                default:
                    return Usage();
            }
        }

        if (broker is null || args.Length % 2 != 0)
        {
            return Usage();
        }

        await RemoteReport.RunAsync(broker, parts, path);
        return 0;
    }

    private static int Usage()
    {
        Console.Error.WriteLine($"remote [--broker URI] [--out PATH] [--only {string.Join(',', RemoteReport.AllParts)}]");
        Console.Error.WriteLine($"The broker is that of --broker or of the variable {Variable}. To install and start one:");
        Console.Error.WriteLine("  apt-get install --no-install-recommends rabbitmq-server; .ci/rabbitmq start FOLDER");
        return 2;
    }

    /// <summary>A worker process, until its standard input ends.</summary>
    private static async Task ServeAsync(string kind, Uri broker, string name, RabbitServeOptions options)
    {
        if (string.Equals(kind, "raw", StringComparison.Ordinal))
        {
            await RawQueues.ServeAsync(broker, name, options.MaxConcurrency, UntilStopAsync);
            return;
        }

        await using var remote = await RabbitRemote.ConnectAsync(broker);
        using var stop = new CancellationTokenSource();
        var serving = remote.ServeAsync(
            name,
            options,
            RemoteJson.Default.RemoteJob,
            RemoteJson.Default.String,
            async (job, token) =>
            {
                if (job.Ms >= RemoteReport.PrintedMs)
                {
                    Console.WriteLine("item");
                }

                return await job.RunAsync(token);
            },
            stop.Token);
        await UntilStopAsync();
        await stop.CancelAsync();
        await serving;
    }

    private static async Task UntilStopAsync()
    {
        Console.WriteLine("serving");
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
    }
}
