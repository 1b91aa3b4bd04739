using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Adding children.</content>
public sealed partial class TaskScope
{
    /// <summary>Adds a child.</summary>
    /// <typeparam name="TResult">Its result.</typeparam>
    /// <param name="work">Called on the pool, with <see cref="Token"/>: pass it on.</param>
    /// <returns>The child's own task, which the scope owns: it ends with the child, and need not be awaited. Cancelled
    /// without running when the scope is stopping.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ObjectDisposedException">The scope has ended; thrown at the call.</exception>
    [OverloadResolutionPriority(3)]
    public Task<TResult> Run<TResult>(Func<CancellationToken, ValueTask<TResult>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Add(work);
    }

    /// <inheritdoc cref="Run{TResult}(Func{CancellationToken, ValueTask{TResult}})"/>
    [OverloadResolutionPriority(2)]
    public Task<TResult> Run<TResult>(Func<CancellationToken, Task<TResult>> work) => Add(DelegateAdapters.Adapt(work));

    /// <summary>Adds a child.</summary>
    /// <param name="work">Called on the pool, with <see cref="Token"/>: pass it on.</param>
    /// <returns>The child's own task, which the scope owns: it ends with the child, and need not be awaited. Cancelled
    /// without running when the scope is stopping.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ObjectDisposedException">The scope has ended; thrown at the call.</exception>
    [OverloadResolutionPriority(1)]
    public Task Run(Func<CancellationToken, ValueTask> work) => Add(DelegateAdapters.Adapt(work));

    /// <inheritdoc cref="Run(Func{CancellationToken, ValueTask})"/>
    public Task Run(Func<CancellationToken, Task> work) => Add(DelegateAdapters.Adapt(work));
}
