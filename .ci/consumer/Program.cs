using AsyncKit;

// A first program of a user, against the package and not the project.
string[] words = ["one", "three", "five"];

int[] lengths = await words.FanOutAsync(2, async (word, cancellationToken) =>
{
    await Task.Delay(word.Length, cancellationToken);
    return word.Length;
});

var options = new FanOutOptions
{
    MaxConcurrency = 8,
    OnFailure = FailureMode.RunToEnd,
    ItemTimeout = TimeSpan.FromSeconds(30),
    Retry = new RetryOptions { MaxAttempts = 2 },
    Gate = new ConcurrencyGate(4),
};
int answer;
using (await new AsyncLock().AcquireAsync())
{
    answer = await Deadline.RunAsync(
        async token => await Offload.RunAsync(() => 42, token), TimeSpan.FromSeconds(30));
}

try
{
    await StreamAsync().FanOutAsync(options, (word, _) => word.Length == 5 ? throw new FormatException(word) : Task.CompletedTask);
    return 1;
}
catch (FanOutException exception)
{
    Console.WriteLine($"{string.Join(' ', lengths)} {exception.Failures.Single().Item} {answer}");
    return 0;
}

async IAsyncEnumerable<string> StreamAsync()
{
    foreach (var word in words)
    {
        await Task.Yield();
        yield return word;
    }
}
