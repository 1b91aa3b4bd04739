using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>Arguments, options and the small parts that need no broker.</summary>
public sealed class ArgumentTests
{
    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("größe")]
    [InlineData("resize.dead")]
    public void A_name_that_is_not_one_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => Topology.CheckName(name));

    [Fact]
    public void A_name_has_at_most_200_characters()
    {
        Assert.Equal(200, Topology.CheckName(new string('a', 200)).Length);
        Assert.Throws<ArgumentException>(() => Topology.CheckName(new string('a', 201)));
    }

    [Fact]
    public void Options_are_validated_when_they_are_set()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitRemoteOptions { MaxMessageBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitRemoteOptions { PublishTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitRemoteOptions { ReplyQueueExpiry = TimeSpan.Zero });
        Assert.Throws<ArgumentNullException>(() => new RabbitRemoteOptions { TimeProvider = null! });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitServeOptions(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitServeOptions(65_536));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitServeOptions(1) { MaxDeliveries = 20 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitServeOptions(1) { Lookahead = -1 });
        Assert.Equal((16, 64), (new RabbitServeOptions(16).Prefetch, new RabbitServeOptions(16) { Lookahead = 48 }.Prefetch));
        Assert.Equal(65_535, new RabbitServeOptions(65_535) { Lookahead = 65_535 }.Prefetch);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitServeOptions(1) { ItemTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RabbitServeOptions(1) { DrainTimeout = TimeSpan.FromSeconds(-1) });
    }

    [Fact]
    public async Task A_uri_without_the_scheme_amqp_is_refused_without_its_text()
    {
        var failure = await Assert.ThrowsAsync<ArgumentException>(() =>
            RabbitRemote.ConnectAsync(new Uri("http://user:secret@localhost/")));
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_connect_without_a_broker_fails_at_once_and_shows_no_user_info()
    {
        var failure = await Assert.ThrowsAsync<IOException>(() =>
            RabbitRemote.ConnectAsync(new Uri("amqp://user:secret@127.0.0.1:1/")).OrHangs());
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_connect_that_is_cancelled_ends_at_once()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start(); // Accepts in its backlog and never answers.
        using var cancel = new CancellationTokenSource();
        var connecting = RabbitRemote.ConnectAsync(new Uri($"amqp://{silent.LocalEndpoint}/"), null, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.OrHangs());
    }

    [Fact]
    public void The_last_cancelled_ids_are_remembered()
    {
        var ids = new CancelledIds(capacity: 2);
        ids.Add("a");
        ids.Add("b");
        ids.Add("a");
        ids.Add("c");
        Assert.Equal((false, true, true), (ids.Contains("a"), ids.Contains("b"), ids.Contains("c")));
        Assert.Equal(10_000, CancelledIds.DefaultCapacity);
    }

    [Fact]
    public void A_call_is_claimed_once_per_link_and_confirmed_on_its_last_one()
    {
        var call = new Call("1", "x", [], null);
        Assert.True(call.TryClaim(1, out var wasPublished));
        Assert.False(wasPublished);
        Assert.False(call.TryClaim(1, out _));
        call.Confirm(1);
        Assert.True(call.IsConfirmed);
        Assert.True(call.TryClaim(3, out wasPublished));
        Assert.True(wasPublished);
        Assert.False(call.IsConfirmed);
        Assert.False(call.TryClaim(2, out _));
    }

    [Fact]
    public async Task A_call_is_claimed_by_the_later_link_when_two_links_race()
    {
        Call[] calls = [.. Enumerable.Range(0, 20_000).Select(_ => new Call("1", "x", [], null))];
        using var start = new Barrier(2);
        var first = Task.Run(() => Claim(1));
        var second = Task.Run(() => Claim(2));
        _ = await first;
        Assert.Equal(calls.Length, await second);

        int Claim(int link)
        {
            start.SignalAndWait();
            return calls.Count(call => call.TryClaim(link, out _));
        }
    }

    [Fact]
    public void A_failure_keeps_the_start_of_a_long_message_only()
    {
        var fault = RemoteFault.Parse(RemoteFault.Of(new IOException(new string('a', 20_000)), "w").ToJson());
        Assert.Equal(16_384, fault.Message.Length);
        Assert.True(fault.IsTransient);
    }

    [Fact]
    public void Every_instrument_has_its_name_and_unit()
    {
        List<string> seen = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (string.Equals(instrument.Meter.Name, RabbitDiagnostics.MeterName, StringComparison.Ordinal))
            {
                seen.Add($"{instrument.Name} {instrument.Unit}");
            }
        };
        RuntimeHelpers.RunClassConstructor(typeof(RemoteTelemetry).TypeHandle);
        listener.Start();

        string[] expected =
        [
            "asynckit.remote.call.duration s",
            "asynckit.remote.calls.active {item}",
            "asynckit.remote.cancelled {item}",
            "asynckit.remote.dead {item}",
            "asynckit.remote.reconnects {connection}",
            "asynckit.remote.redelivered {item}",
            "asynckit.remote.replies.duplicate {reply}",
            "asynckit.remote.replies.unroutable {reply}",
            "asynckit.remote.republished {item}",
            "asynckit.remote.serve.active {item}",
            "asynckit.remote.serve.duration s",
        ];
        Assert.Equal(expected, seen.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public void The_recovery_of_the_client_stays_off_and_its_consumers_sequential()
    {
        ConnectionFactory? seen = null;
        var options = new RabbitRemoteOptions
        {
            Configure = factory =>
            {
                seen = factory;
                factory.AutomaticRecoveryEnabled = true;
                factory.TopologyRecoveryEnabled = true;
                factory.ConsumerDispatchConcurrency = 8;
            },
        };
        _ = RabbitRemote.NewFactory(new Uri("amqp://localhost/"), options, "me");
        Assert.Equal(
            (false, false, 1),
            (seen!.AutomaticRecoveryEnabled, seen.TopologyRecoveryEnabled, (int)seen.ConsumerDispatchConcurrency));
    }
}
