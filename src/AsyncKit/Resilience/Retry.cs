namespace AsyncKit;

/// <summary>Operations that are tried again when they fail.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>The caller's cancellation is never retried and ends a waiting delay at once. Our own attempt timeout is retried; a
/// foreign cancellation is not, except HttpClient's timeout.</item>
/// <item>The last exception is thrown with its stack. <c>exception.Data["AsyncKit.Attempts"]</c> counts the attempts, and
/// <c>exception.Data["AsyncKit.EarlierExceptions"]</c> has the exceptions before it: the first and the latest, 100 at the
/// most.</item>
/// <item>A server's hint is honoured up to its cap. The delay never exceeds what is left of the total timeout.</item>
/// <item>A spent budget ends the retrying with the last exception. The budget is shared by all items of a run.</item>
/// <item>Attempts come one after the other, never two at once.</item>
/// </list>
/// The loop and the waits are those of a Polly pipeline, which is built once for each <see cref="RetryOptions"/>.
/// </remarks>
public static partial class Retry
{
    private static RetryEngine EngineOf(RetryOptions? options) => (options ?? RetryOptions.Default).Engine();
}
