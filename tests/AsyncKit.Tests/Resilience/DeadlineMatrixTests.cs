using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The caller, the limit, the operation's own exception and its success, each before, at and after the
/// others.</summary>
public sealed class DeadlineMatrixTests : IClassFixture<NothingLeftBehind>
{
    private const int Never = 0;
    private const int Limit = 10;

    private static readonly AsyncTestOptions TwentySchedules = new() { Schedules = 20 };

    /// <summary>What the operation does.</summary>
    public enum TaskExceptions
    {
        Succeeds,
        Throws,

        /// <summary>Looks at its token only then.</summary>
        LooksAtItsToken,

        /// <summary>Ends as soon as its token says so.</summary>
        HeedsItsToken,
    }

    /// <summary>When: before, at and after the limit, and after a caller that is after the limit.</summary>
    public static TheoryData<TaskExceptions, int, int, int> Cases()
    {
        var data = new TheoryData<TaskExceptions, int, int, int>();
        foreach (var ending in Enum.GetValues<TaskExceptions>())
        {
            foreach (var at in (int[])[5, 10, 15, 20])
            {
                foreach (var caller in (int[])[Never, 5, 10, 15])
                {
                    data.Add(ending, at, caller, Never);
                    data.Add(ending, at, caller, Limit);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Who_stopped_it_is_decided_by_which_token_was_cancelled(TaskExceptions ending, int at, int callerAt, int limit) =>
        AsyncTest.Run(async context =>
        {
            var own = new InvalidOperationException("own");
            using var caller = new CancellationTokenSource(
                callerAt == Never ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(callerAt), context.Time);

            var run = Deadline.RunAsync(
                OperateAsync,
                limit == Never ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(limit),
                caller.Token).AsTask();
            await Task.WhenAny(run);

            var outcome = run switch
            {
                { IsCompletedSuccessfully: true } => "success",
                { IsCanceled: true } => "caller",
                { Exception.InnerException: TimeoutException } => "limit",
                { Exception.InnerException: var inner } when inner == own => "own",
                _ => run.Exception!.ToString(),
            };
            Assert.Contains(outcome, Expected(), StringComparer.Ordinal);
            if (run.IsCanceled)
            {
                Assert.Equal(
                    caller.Token,
                    (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run)).CancellationToken);
            }

            async Task<int> OperateAsync(CancellationToken token)
            {
                await Task.Delay(
                    TimeSpan.FromSeconds(at), context.Time, ending == TaskExceptions.HeedsItsToken ? token : CancellationToken.None);
                switch (ending)
                {
                    case TaskExceptions.Throws:
                        throw own;
                    case TaskExceptions.LooksAtItsToken:
                        token.ThrowIfCancellationRequested();
                        return 1;
                    default:
                        return 1;
                }
            }

            // Of two at the same moment either may be first, as long as it is one of them.
            IEnumerable<string> Expected() => ending switch
            {
                TaskExceptions.Succeeds => ["success"],
                TaskExceptions.Throws => ["own"],
                TaskExceptions.LooksAtItsToken =>
                    IsBefore(callerAt) ? ["caller"]
                    : IsAt(callerAt) ? ["caller", "success", "limit"]
                    : IsBefore(limit) ? ["limit"]
                    : IsAt(limit) ? ["limit", "success"]
                    : ["success"],
                _ => First(),
            };

            bool IsBefore(int time) => time != Never && time < at;

            bool IsAt(int time) => time == at;

            IEnumerable<string> First()
            {
                (int At, string Name)[] all = [(at, "success"), (callerAt, "caller"), (limit, "limit")];
                var set = all.Where(one => one.At != Never).ToList();
                return set.Where(one => one.At == set.Min(other => other.At)).Select(one => one.Name);
            }
        }, TwentySchedules);
}
