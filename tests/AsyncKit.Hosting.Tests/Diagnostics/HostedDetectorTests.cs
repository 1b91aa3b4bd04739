using AsyncKit.Diagnostics;
using Moq;

namespace AsyncKit.Hosting.Tests;

/// <summary>A blocking detector that runs as long as its host.</summary>
public sealed class HostedDetectorTests : IClassFixture<NothingLeftBehind>
{
    private const int SlowPrefix = 82; // The id of the log message.

    private static readonly BlockingDetectorOptions EveryPrefix = new()
    {
        WaitThreshold = Timeout.InfiniteTimeSpan,
        PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
        PrefixThreshold = TimeSpan.Zero,
    };

    [Fact]
    public async Task A_finding_is_logged_by_the_logger_of_the_container_until_the_host_stops()
    {
        await using var host = await TestHost.StartAsync(services => services.AddBlockingDetector(EveryPrefix));

        await FanOutAsync();
        host.Time.Advance(EveryPrefix.ProbeInterval);
        await Hang.UntilAsync(() => host.Log.All.Any(line => line.Id == SlowPrefix));
        await host.StopAsync();

        Assert.Equal(0, host.Time.PendingTimers);
    }

    [Fact]
    public async Task It_observes_hosted_services_that_start_before_it_was_added()
    {
        var service = new Mock<IHostedService>();
        service.Setup(one => one.StartAsync(It.IsAny<CancellationToken>())).Returns(FanOutAsync);
        await using var host = await TestHost.StartAsync(services => services
            .AddSingleton(service.Object)
            .AddBlockingDetector(EveryPrefix));

        host.Time.Advance(EveryPrefix.ProbeInterval);
        await Hang.UntilAsync(() => host.Log.All.Any(line => line.Id == SlowPrefix));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_detector_that_is_off_by_configuration_does_not_start()
    {
        await using var host = await TestHost.StartAsync(
            services => services.AddBlockingDetector(TestHost.Section(("Enabled", "false"), ("PrefixThreshold", "00:00:00"))));

        await FanOutAsync();

        Assert.Equal(0, host.Time.PendingTimers);
        Assert.DoesNotContain(host.Log.All, line => line.Id == SlowPrefix);
    }

    [Fact]
    public async Task A_later_call_replaces_the_options_and_starts_no_second_detector()
    {
        await using var host = await TestHost.StartAsync(services => services
            .AddBlockingDetector(EveryPrefix)
            .AddBlockingDetector(EveryPrefix with { ProbeInterval = TimeSpan.FromSeconds(7) }));

        Assert.Equal((1, TimeSpan.FromSeconds(7)), (host.Time.PendingTimers, host.Time.UntilNextTimer));
        await host.StopAsync();
    }

    private static Task FanOutAsync() => new[] { 1 }.FanOutAsync(1, (_, _) => Task.CompletedTask).OrHangs();
}
