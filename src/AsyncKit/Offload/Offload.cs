using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>
/// Runs a blocking call apart from the thread pool, on <see cref="BlockingLane.Shared"/>.
/// </summary>
/// <remarks>
/// Each method is that of <see cref="BlockingLane"/>, with its guarantees. Work with a limit of its own, or that others
/// must not hold up, gets a lane of its own.
/// </remarks>
public static class Offload
{
    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    public static Task<TResult> RunAsync<TResult>(Func<TResult> work, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    public static Task<TResult> RunAsync<TResult>(
        Func<TResult> work, OnCancel onCancel, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, onCancel, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    public static Task<TResult> RunAsync<TResult>(Func<CancellationToken, TResult> work, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    public static Task<TResult> RunAsync<TResult>(
        Func<CancellationToken, TResult> work, OnCancel onCancel, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, onCancel, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    public static Task RunAsync(Action work, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    public static Task RunAsync(
        Action work, OnCancel onCancel, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, onCancel, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    public static Task RunAsync(Action<CancellationToken> work, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    public static Task RunAsync(
        Action<CancellationToken> work, OnCancel onCancel, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, onCancel, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TTask}(in Func{TTask}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public static Task RunAsync<TTask>(in Func<TTask> work, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="BlockingLane.RunAsync{TTask}(in Func{TTask}, OnCancel, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public static Task RunAsync<TTask>(
        in Func<TTask> work, OnCancel onCancel, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="BlockingLane.RunAsync{TTask}(in Func{TTask}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public static Task RunAsync<TTask>(in Func<CancellationToken, TTask> work, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="BlockingLane.RunAsync{TTask}(in Func{TTask}, OnCancel, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public static Task RunAsync<TTask>(
        in Func<CancellationToken, TTask> work, OnCancel onCancel, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));
}
