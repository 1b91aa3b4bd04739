using AsyncKit;
using AsyncKit.Testing;

// The switch is set by the package or not at all: without it, Run throws.
AsyncTest.Run(async test =>
{
    var arrived = new List<int>();
    int[] hours = [3, 1, 2];

    int[] waited = await hours.FanOutAsync(3, async (hour, cancellationToken) =>
    {
        await Task.Delay(TimeSpan.FromHours(hour), test.Time, cancellationToken);
        arrived.Add(hour);
        return hour;
    });

    Console.WriteLine($"{string.Join(' ', arrived)} -> {string.Join(' ', waited)} in {test.Time.Elapsed.TotalHours} h");
}, new AsyncTestOptions { Schedules = 1 });
