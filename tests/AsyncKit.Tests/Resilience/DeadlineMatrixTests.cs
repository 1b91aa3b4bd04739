using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Combines the caller's cancellation, the limit, and the completion of the operation: each is before, at and
/// after the others.</summary>
public sealed class DeadlineMatrixTests : IClassFixture<NothingLeftBehind>
{
    private const int Never = 0;
    private const int Limit = 10;

    private static readonly AsyncTestOptions TwentySchedules = new() { Schedules = 20 };

    /// <summary>The behavior of the operation.</summary>
    public enum Behavior
    {
        Succeeds,
        Throws,

        /// <summary>Checks its token once, when its time has passed.</summary>
        ChecksTokenLate,

        /// <summary>Stops as soon as its token is cancelled.</summary>
        ObservesToken,
    }

    /// <summary>Times before, at and after the limit, and after a caller that cancels later than the limit.</summary>
    public static TheoryData<Behavior, int, int, int> Cases()
    {
        var data = new TheoryData<Behavior, int, int, int>();
        foreach (var behavior in Enum.GetValues<Behavior>())
        {
            foreach (var at in (int[])[5, 10, 15, 20])
            {
                foreach (var caller in (int[])[Never, 5, 10, 15])
                {
                    data.Add(behavior, at, caller, Never);
                    data.Add(behavior, at, caller, Limit);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_first_cancelled_token_decides_the_outcome(Behavior behavior, int at, int callerAt, int limit) =>
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
                    TimeSpan.FromSeconds(at),
                    context.Time,
                    behavior == Behavior.ObservesToken ? token : CancellationToken.None);
                switch (behavior)
                {
                    case Behavior.Throws:
                        throw own;
                    case Behavior.ChecksTokenLate:
                        token.ThrowIfCancellationRequested();
                        return 1;
                    default:
                        return 1;
                }
            }

            // Of two events at the same time either may be first.
            IEnumerable<string> Expected() => behavior switch
            {
                Behavior.Succeeds => ["success"],
                Behavior.Throws => ["own"],
                Behavior.ChecksTokenLate =>
                    IsBefore(callerAt) ? ["caller"]
                    : IsAt(callerAt) ? ["caller", "success", "limit"]
                    : IsBefore(limit) ? ["limit"]
                    : IsAt(limit) ? ["limit", "success"]
                    : ["success"],
                _ => Earliest(),
            };

            bool IsBefore(int time) => time != Never && time < at;

            bool IsAt(int time) => time == at;

            IEnumerable<string> Earliest()
            {
                (int At, string Name)[] events = [(at, "success"), (callerAt, "caller"), (limit, "limit")];
                var planned = events.Where(each => each.At != Never).ToList();
                return planned.Where(each => each.At == planned.Min(other => other.At)).Select(each => each.Name);
            }
        }, TwentySchedules);
}
