using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace AsyncKit.Http.Tests;

/// <summary>The names of the gates of hosts, which are tags of metrics.</summary>
public sealed class HostGatesTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncKitHttpOptions Limited = new() { MaxConcurrencyPerHost = 3 };

    [Theory]
    [InlineData("catalog", "catalog https://example.org:443")]
    [InlineData(null, "https://example.org:443")]
    public void A_gate_has_the_name_of_the_client_and_of_the_host(string? client, string name)
    {
        var gates = new HostGates(Limited, client);

        Assert.Equal((name, 3), (gates.Of(Key(0))!.Name, gates.Of(Key(0))!.Limit));
    }

    [Fact]
    public void An_adaptive_gate_has_a_name_too()
    {
        var gates = new HostGates(new() { AdaptiveLimitPerHost = new AdaptiveLimit(2, 50) }, "catalog");

        Assert.Equal(("catalog https://example.org:443", 2), (gates.Of(Key(0))!.Name, gates.Of(Key(0))!.Limit));
    }

    [Fact]
    public void A_client_without_a_limit_has_no_gates() => Assert.Null(new HostGates(new(), "catalog").Of(Key(0)));

    [Fact]
    public void The_number_of_names_has_a_limit_and_a_named_host_keeps_its_gate()
    {
        var gates = new HostGates(Limited, "crawl");

        var first = Enumerable.Range(0, 500).Select(number => gates.Of(Key(number))!).ToList();
        var again = Enumerable.Range(0, 500).Select(number => gates.Of(Key(number))!).ToList();

        Assert.Equal(HostGates.MaxNames + 1, first.Select(gate => gate.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(first.Select(gate => gate.Name), again.Select(gate => gate.Name), StringComparer.Ordinal);
        Assert.Equal(first.Take(HostGates.MaxNames), again.Take(HostGates.MaxNames));
        Assert.Equal("crawl other hosts", first[^1].Name);
        Assert.NotSame(first[^1], first[^2]); // Hosts that share a name do not share a limit.
    }

    [Fact]
    public async Task A_request_in_flight_is_measured_with_the_name_of_its_client_and_host()
    {
        await using var services = new ServiceCollection().AddHttpClient("measured")
            .ConfigurePrimaryHttpMessageHandler(() => StubHandler.Of(System.Net.HttpStatusCode.OK))
            .AddAsyncKit(options => options.MaxConcurrencyPerHost = 3)
            .Services.BuildServiceProvider();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("measured");

        using (await client.GetAsync("http://one.example/", HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(["active 1", "limit 3", "waiting 0"], Measured("measured http://one.example:80"), StringComparer.Ordinal);
        }

        Assert.Equal(["active 0", "limit 3", "waiting 0"], Measured("measured http://one.example:80"), StringComparer.Ordinal);
    }

    private static HostKey Key(int number) => new("https", number == 0 ? "example.org" : $"host{number}.example.org", 443);

    private static IEnumerable<string> Measured(string name)
    {
        var lines = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { IsObservable: true, Meter.Name: AsyncKitDiagnostics.MeterName })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) =>
        {
            if (tags.ToArray().Contains(new("asynckit.gate.name", name)))
            {
                lines.Add($"{instrument.Name["asynckit.gate.".Length..]} {value}");
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return lines.Order(StringComparer.Ordinal);
    }
}
