using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>Options of a <see cref="GracefulShutdown"/>. Immutable, validated when set; may be shared.</summary>
public sealed record GracefulShutdownOptions
{
    /// <summary>The signals that start the shutdown. Ctrl-C is SIGINT.</summary>
    /// <value>Not null; an empty list if other code handles signals, for example a host. The default is SIGTERM and
    /// SIGINT.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<PosixSignal> Signals
    {
        get;
        init => field = value is null
            ? throw new ArgumentNullException(nameof(Signals), "Signals must not be null; an empty list disables them.")
            : [.. value];
    } = [PosixSignal.SIGTERM, PosixSignal.SIGINT];

    /// <summary>How long the main function may continue after <see cref="GracefulShutdown.Stopping"/> is cancelled.
    /// Then <see cref="GracefulShutdown.Aborting"/> is cancelled.</summary>
    /// <value>At least zero. The default is 20 seconds: Kubernetes kills a process after 30 seconds, Docker after 10.
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan DrainTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(DrainTimeout));
    } = TimeSpan.FromSeconds(20);

    /// <summary>How long the main function may continue after <see cref="GracefulShutdown.Aborting"/> is cancelled.
    /// Then it is abandoned.</summary>
    /// <value>At least zero. The default is 3 seconds. <see cref="Timeout.InfiniteTimeSpan"/> disables the
    /// limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan AbortTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(AbortTimeout));
    } = TimeSpan.FromSeconds(3);

    /// <summary>The time after which the token of a hook is cancelled. Each hook has its own limit. The shutdown still
    /// waits for the hook to complete.</summary>
    /// <value>At least zero. The default is 5 seconds. <see cref="Timeout.InfiniteTimeSpan"/> disables the
    /// limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan HookTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(HookTimeout));
    } = TimeSpan.FromSeconds(5);

    /// <summary>The logger for the stages of the shutdown.</summary>
    /// <value>The default is null.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock of the time limits.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    /// <summary>Ends the process; replaced in tests.</summary>
    internal Action<int> Exit { get; init; } = Environment.Exit;
}
