using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>
/// Async delegates, refused by the compiler. The constraint makes these apply to nothing but what returns a task, and the
/// priority makes them win there; a work that only throws stays what it is. The delegates are "in" so that the signatures
/// differ.
/// </content>
public sealed partial class BlockingLane
{
    /// <summary>Refused: a lane is for blocking work.</summary>
    /// <typeparam name="TTask">A task.</typeparam>
    /// <param name="work">Async; await it instead.</param>
    /// <param name="cancellationToken">Not used.</param>
    /// <returns>Nothing: it does not compile.</returns>
    /// <exception cref="ArgumentException">Always; thrown at the call.</exception>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public Task RunAsync<TTask>(in Func<TTask> work, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="RunAsync{TTask}(in Func{TTask}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public Task RunAsync<TTask>(in Func<TTask> work, OnCancel onCancel, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="RunAsync{TTask}(in Func{TTask}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public Task RunAsync<TTask>(
        in Func<CancellationToken, TTask> work, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="RunAsync{TTask}(in Func{TTask}, OnCancel, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public Task RunAsync<TTask>(
        in Func<CancellationToken, TTask> work, OnCancel onCancel, CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));
}
