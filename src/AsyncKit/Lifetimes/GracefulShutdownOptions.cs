using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>What begins a <see cref="GracefulShutdown"/> and how long its stages may take. Immutable, checked when set;
/// may be shared.</summary>
public sealed record GracefulShutdownOptions
{
    /// <summary>The signals that begin the shutdown. Ctrl-C is SIGINT.</summary>
    /// <value>SIGTERM and SIGINT by default; none where something else listens, such as a host. Never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<PosixSignal> Signals
    {
        get;
        init => field = value is null
            ? throw new ArgumentNullException(nameof(Signals), "Signals must not be null; an empty list means none.")
            : [.. value];
    } = [PosixSignal.SIGTERM, PosixSignal.SIGINT];

    /// <summary>How long the main function may go on after <see cref="GracefulShutdown.Stopping"/>; then
    /// <see cref="GracefulShutdown.Aborting"/> is cancelled.</summary>
    /// <value>20 s by default: Kubernetes kills after 30 s, Docker after 10 s. Zero is at once,
    /// <see cref="Timeout.InfiniteTimeSpan"/> never.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan DrainTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(DrainTimeout));
    } = TimeSpan.FromSeconds(20);

    /// <summary>How long the main function may go on after <see cref="GracefulShutdown.Aborting"/>; then it is left
    /// behind.</summary>
    /// <value>3 s by default. Zero is at once, <see cref="Timeout.InfiniteTimeSpan"/> never.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan AbortTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(AbortTimeout));
    } = TimeSpan.FromSeconds(3);

    /// <summary>The time after which the token of a hook is cancelled. Each has its own. The hook is awaited all the
    /// same.</summary>
    /// <value>5 s by default. Zero is at once, <see cref="Timeout.InfiniteTimeSpan"/> never.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan HookTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(HookTimeout));
    } = TimeSpan.FromSeconds(5);

    /// <summary>Is told of each stage.</summary>
    /// <value>Null by default.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    /// <summary>Ends the process; tests put something else here.</summary>
    internal Action<int> Exit { get; init; } = Environment.Exit;
}
