using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Runs blocking calls on the threads of <see cref="BlockingLane.Shared"/>, never on the thread
/// pool.</summary>
/// <remarks>
/// Each method calls the method of <see cref="BlockingLane"/> with the same parameters and has its guarantees. Create a
/// separate <see cref="BlockingLane"/> for calls that need their own limit, or that unrelated calls must not delay.
/// </remarks>
/// <example>
/// <code>
/// string text = await Offload.RunAsync(() =&gt; driver.Read(), cancellationToken);
/// </code>
/// </example>
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
    [OverloadResolutionPriority(1)]
    public static Task<TResult> RunAsync<TResult>(
        Func<CancellationToken, TResult> work, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task<TResult> RunAsync<TResult>(
        Func<CancellationToken, TResult> work, OnCancel onCancel, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, onCancel, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync(Action, CancellationToken)"/>
    public static Task RunAsync(Action work, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync(Action, OnCancel, CancellationToken)"/>
    public static Task RunAsync(Action work, OnCancel onCancel, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, onCancel, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync(Action, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task RunAsync(Action<CancellationToken> work, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, cancellationToken);

    /// <inheritdoc cref="BlockingLane.RunAsync(Action, OnCancel, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task RunAsync(
        Action<CancellationToken> work, OnCancel onCancel, CancellationToken cancellationToken = default) =>
        BlockingLane.Shared.RunAsync(work, onCancel, cancellationToken);
}
