namespace AsyncKit;

/// <summary>Operations that have a limit, and tasks that are not waited for any longer.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Who stopped it is decided by which token was cancelled. The caller's, also when both were: an
/// <see cref="OperationCanceledException"/> with that token. The limit's: a <see cref="TimeoutException"/> that names the
/// limit, the operation and the elapsed time. The operation's own exceptions pass unchanged.</item>
/// <item>A success that arrives after the limit is a success. The operation is awaited, unless a grace period is given; then
/// it is abandoned, observed, counted and logged.</item>
/// <item>WithTimeoutAsync walks away from a task that runs on, and observes it before it leaves.</item>
/// <item>There is no limit on the range: zero means at once, InfiniteTimeSpan means none.</item>
/// <item>Of nested limits the earliest wins and is the one that is named.</item>
/// <item>No callback on the operation's token runs inside the caller's Cancel(), and it has ended when the operation
/// has.</item>
/// </list>
/// </remarks>
public static partial class Deadline
{
    private static DeadlineContext Terms(TimeSpan limit, string name = "limit") =>
        new(AsyncEnvironment.Clock(TimeProvider.System), Guards.Limit(limit, name));

    private static DeadlineContext Terms(DeadlineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Terms;
    }
}
