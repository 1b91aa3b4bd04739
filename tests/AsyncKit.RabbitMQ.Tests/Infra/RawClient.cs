using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>A plain connection, which inspects queues and plays the part of a client or a worker.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly IConnection _connection;

    private RawClient(IConnection connection, IChannel channel)
    {
        _connection = connection;
        Channel = channel;
    }

    public IChannel Channel { get; }

    public static async Task<RawClient> ConnectAsync(Uri? broker = null)
    {
        var connection = await new ConnectionFactory { Uri = broker ?? RabbitFactAttribute.Broker! }.CreateConnectionAsync();
        return new RawClient(connection, await connection.CreateChannelAsync());
    }

    /// <summary>The number of messages that wait for a consumer, or null without such a queue.</summary>
    public async Task<uint?> ReadyAsync(string queue)
    {
        await using var channel = await _connection.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == 404)
        {
            return null;
        }
    }

    /// <summary>Waits until a queue has a number of messages, or is gone (null). The broker counts with a delay.</summary>
    public async Task UntilReadyAsync(string queue, uint? count)
    {
        var start = TimeProvider.System.GetTimestamp();
        uint? last;
        while ((last = await ReadyAsync(queue)) != count)
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"{queue} has {last} and not {count} messages.");
            await Task.Yield();
        }
    }

    /// <summary>Waits until a queue is gone, without using it: a declaration would restart its expiry.</summary>
    public async Task UntilUnroutableAsync(string queue)
    {
        await using var channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30))
        {
            try
            {
                await channel.BasicPublishAsync("", queue, mandatory: true, ReadOnlyMemory<byte>.Empty);
            }
            catch (PublishException exception) when (exception.IsReturn)
            {
                return;
            }
        }

        Assert.Fail($"{queue} did not expire.");
    }

    /// <summary>Takes the next message, as soon as there is one.</summary>
    public async Task<BasicGetResult> TakeAsync(string queue)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await ReadyAsync(queue) > 0 && await Channel.BasicGetAsync(queue, autoAck: false) is { } message)
            {
                return message;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"{queue} is empty.");
            await Task.Yield();
        }
    }

    /// <summary>Plays a worker that replies with a result.</summary>
    public ValueTask ReplyAsync(BasicGetResult item, string json, string type = "result") => Channel.BasicPublishAsync(
        "",
        item.BasicProperties.ReplyTo!,
        mandatory: false,
        new BasicProperties { CorrelationId = item.BasicProperties.CorrelationId, Type = type, Persistent = true },
        Encoding.UTF8.GetBytes(json));

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
