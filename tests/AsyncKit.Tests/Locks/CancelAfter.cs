namespace AsyncKit.Tests;

internal static class CancelAfter
{
    /// <summary>Cancels after a number of steps, so that a random schedule varies when a wait is cancelled.</summary>
    public static async Task CancelAfterYieldsAsync(this CancellationTokenSource cancellation, int yields)
    {
        for (; yields > 0; yields--)
        {
            await Task.Yield();
        }

        await cancellation.CancelAsync();
    }
}
