namespace AsyncKit.Benchmarks;

/// <summary>The comparison: AsyncKit and the usual ways to do the same work. It uses only the public API of
/// AsyncKit.Comparison.</summary>
internal static class CompareCommand
{
    public static int Run(string[] args)
    {
        using var server = new SharedServer();
        var comparison = new Comparison.Comparison("AsyncKit: ways to do the same slow work")
        {
            Command = "dotnet run -c Release --project benchmarks/AsyncKit.Benchmarks",
        }
            .Scenario("http", HttpScenario.Items, scenario => new HttpScenario(scenario, server).Describe())
            .Scenario("download", DownloadScenario.Items, scenario => new DownloadScenario(scenario, server).Describe())
            .Scenario("blocking", BlockingScenario.Items, scenario => new BlockingScenario(scenario, server).Describe())
            .Scenario("database", DatabaseScenario.Items, scenario => new DatabaseScenario(scenario).Describe())
            .Scenario("failures", FailuresScenario.Items, scenario => new FailuresScenario(scenario).Describe())
            .Scenario("cancel", CancelScenario.Items, scenario => new CancelScenario(scenario).Describe())
            .Scenario("memory", MemoryScenario.Items, scenario => new MemoryScenario(scenario).Describe())
            .Scenario("cpu", CpuScenario.Items, scenario => new CpuScenario(scenario).Describe());
        var broker = RemoteCommand.Broker;
        if (broker is not null)
        {
            comparison.Scenario("remote", RemoteScenario.Items, scenario => new RemoteScenario(scenario, broker).Describe());
        }

        var exitCode = comparison.RunAsync(args).GetAwaiter().GetResult();
        if (broker is null)
        {
            Console.Error.WriteLine(
                $"The scenario remote was skipped. To include it, set {RemoteCommand.Variable} to the URI of a RabbitMQ broker.");
        }

        return exitCode;
    }
}
