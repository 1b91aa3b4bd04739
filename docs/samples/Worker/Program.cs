// A worker service that loses no message when it shuts down. A channel stands in for the broker. Arguments: the number of
// completed messages after which it prints "working", the time that the slowest message takes, in milliseconds, and
// --no-drain for the loop that loses messages.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AsyncKit;

var (warmUp, slowest) = (Number(0, 100), Number(1, 50));
var queue = Channel.CreateBounded<int>(64);
var (sent, accepted, completed) = (0, 0, 0);

var exitCode = await GracefulShutdown.RunAsync(args.Contains("--no-drain") ? AbortAsync : DrainAsync);

Console.WriteLine($"sent {sent}, left {queue.Reader.Count}, accepted {accepted}, completed {completed}");
return exitCode;

async Task DrainAsync(GracefulShutdown shutdown)
{
    var sending = SendAsync(shutdown.Stopping);
    var options = new FanOutOptions { MaxConcurrency = 8, DrainToken = shutdown.Stopping };
    await ReceiveAsync().FanOutAsync(options, HandleAsync, shutdown.Aborting);
    await sending;
}

// The mistake: the token that ends the intake also ends the work.
async Task AbortAsync(GracefulShutdown shutdown)
{
    var sending = SendAsync(shutdown.Stopping);
    await ReceiveAsync(shutdown.Stopping).FanOutAsync(8, HandleAsync, shutdown.Aborting);
    await sending;
}

async IAsyncEnumerable<int> ReceiveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
{
    await foreach (var message in queue.Reader.ReadAllAsync(cancellationToken))
    {
        accepted++; // From here on the broker has forgotten the message.
        yield return message;
    }
}

async Task HandleAsync(int message, CancellationToken cancellationToken)
{
    await Task.Delay(message == 1 ? slowest : message % 5, cancellationToken); // Stands in for the work.
    if (Interlocked.Increment(ref completed) == warmUp)
    {
        Console.WriteLine("working");
    }
}

// The load: more messages than the worker can handle.
async Task SendAsync(CancellationToken stopping)
{
    await Task.Yield();
    try
    {
        while (true)
        {
            await queue.Writer.WriteAsync(sent, stopping);
            sent++;
        }
    }
    catch (OperationCanceledException)
    {
        // Stopping.
    }
}

int Number(int index, int otherwise) =>
    args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
