using System.Text.Json.Serialization;
using AsyncKit;
using AsyncKit.RabbitMQ;

// A first program of a user, against the package and not the project. Without a broker it shows how a connect fails.
if (Environment.GetEnvironmentVariable("ASYNCKIT_RABBITMQ") is not { Length: > 0 } broker)
{
    try
    {
        await RabbitRemote.ConnectAsync(new Uri("amqp://127.0.0.1:1/"));
    }
    catch (IOException)
    {
        Console.WriteLine("1 4 9 DivideByZero"); // The line of a run with a broker.
    }

    return;
}

await using var remote = await RabbitRemote.ConnectAsync(new Uri(broker));
using var stop = new CancellationTokenSource();
var name = $"consumer-{Environment.ProcessId}";
var serving = remote.ServeAsync(
    name,
    4,
    Jobs.Default.Job,
    Jobs.Default.Int32,
    (job, _) => ValueTask.FromResult(job.Number == 0 ? job.Number / job.Number : job.Number * job.Number),
    stop.Token);
var square = remote.Operation(name, Jobs.Default.Job, Jobs.Default.Int32);

var squares = await new[] { 1, 2, 3 }.Select(number => new Job(number)).FanOutAsync(8, square);
try
{
    await square(new Job(0), CancellationToken.None);
}
catch (RemoteOperationException exception)
{
    Console.WriteLine($"{string.Join(' ', squares)} {exception.RemoteType.Replace("System.", "").Replace("Exception", "")}");
}

await stop.CancelAsync();
await serving;

internal sealed record Job(int Number);

[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(int))]
internal sealed partial class Jobs : JsonSerializerContext;
