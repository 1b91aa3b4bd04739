namespace AsyncKit.Benchmarks;

/// <summary>An item of the remote benchmark. A worker waits for the time and returns the text.</summary>
internal sealed record RemoteJob(int Ms, string Text)
{
    /// <summary>Items of about 40 bytes as JSON, each with its number.</summary>
    public static RemoteJob[] Many(int count, int milliseconds = 0) =>
        [.. Enumerable.Range(0, count).Select(number => new RemoteJob(milliseconds, $"{number:D20}"))];

    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        if (Ms > 0)
        {
            await Task.Delay(Ms, cancellationToken);
        }

        return Text;
    }
}
