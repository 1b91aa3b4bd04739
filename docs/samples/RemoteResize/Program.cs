// A fan-out over three worker processes, one of which is killed in mid-run. "run" (the default) starts the workers and
// is the client; "serve" is a worker. The broker: the variable ASYNCKIT_RABBITMQ, or a server on this machine.
using System.Globalization;
using AsyncKit;
using AsyncKit.RabbitMQ;
using RemoteResize;

var broker = new Uri(Environment.GetEnvironmentVariable("ASYNCKIT_RABBITMQ") is { Length: > 0 } text
    ? text
    : "amqp://guest:guest@127.0.0.1:5672/");
try
{
    await using var remote = await RabbitRemote.ConnectAsync(broker);
    return args is ["serve"] ? await ServeAsync(remote) : await RunAsync(remote);
}
catch (IOException exception)
{
    Console.Error.WriteLine(exception.Message);
    Console.Error.WriteLine("Install and start a broker:");
    Console.Error.WriteLine("  apt-get install rabbitmq-server");
    Console.Error.WriteLine("  rabbitmq-server");
    return 2;
}

// A worker machine. SIGTERM drains: the items that run are finished and acknowledged.
static Task<int> ServeAsync(RabbitRemote remote) => GracefulShutdown.RunAsync(async shutdown =>
{
    Console.WriteLine("serving");
    await remote.ServeAsync(
        "resize",
        maxConcurrency: 4,
        Jobs.Default.Image,
        Jobs.Default.Thumb,
        async (image, cancellationToken) =>
        {
            Console.WriteLine("item"); // The client counts these lines.
            await Task.Delay(20, cancellationToken); // Stands in for the work.
            return new Thumb(image.Id, image.Width / 10, image.Height / 10);
        },
        shutdown.Stopping);
});

static async Task<int> RunAsync(RabbitRemote remote)
{
    using var workers = new Workers(count: 3);
    await workers.ServingAsync();
    Image[] images = [.. Enumerable.Range(0, 600).Select(id => new Image(id, 4_000 + id, 3_000))];
    var resize = remote.Operation("resize", Jobs.Default.Image, Jobs.Default.Thumb);

    var done = 0;
    var thumbs = await images.FanOutAsync(50, async (image, cancellationToken) =>
    {
        var thumb = await resize(image, cancellationToken);
        if (Interlocked.Increment(ref done) is var count && count == images.Length / 2)
        {
            workers.KillFirst();
        }

        View.Draw(count, images.Length, workers.Counts);
        return thumb;
    });

    View.End();
    var isComplete = thumbs.Select(thumb => thumb.Id).SequenceEqual(images.Select(image => image.Id));
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{thumbs.Length} thumbs, in order: {isComplete}; one worker killed, "
            + $"{workers.Counts.Sum() - images.Length} items ran twice"));
    return isComplete ? 0 : 1;
}
