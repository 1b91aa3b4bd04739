namespace AsyncKit.Tests;

/// <content>Another subject, with a drain token.</content>
public static partial class FanOutSubjects
{
    /// <summary>The drain token can be cancelled but never is.</summary>
    public sealed class Drainable(FanOutSubject subject, SourceKind kind) : FanOutSubject(kind)
    {
        private static readonly CancellationTokenSource Never = new();

        public override bool IsInSourceOrder => subject.IsInSourceOrder;

        public static FanOutOptions WithToken(FanOutOptions options) => options with { DrainToken = Never.Token };

        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            subject.FanOutAsync(items, WithToken(options), operation, cancellationToken);

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) =>
            subject.FanOutAsync(items, WithToken(options), operation, cancellationToken);
    }
}
