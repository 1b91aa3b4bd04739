using System.Collections.Concurrent;

namespace AsyncKit.Tests;

/// <summary>A SynchronizationContext with one thread, like that of a user interface.</summary>
internal sealed class Ui : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _queue = [];
    private int _threadId;

    public bool IsHere => Environment.CurrentManagedThreadId == _threadId && Current == this;

    /// <summary>Runs the body on a new context, until its task completes.</summary>
    public static Task RunAsync(Func<Ui, Task> body)
    {
        var ui = new Ui();
        var completion = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => ui.Loop(body, completion)) { IsBackground = true, Name = nameof(Ui) };
        thread.Start();
        return completion.Task.Unwrap().OrHangs();
    }

    public override void Post(SendOrPostCallback d, object? state) => _queue.Add((d, state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    private void Loop(Func<Ui, Task> body, TaskCompletionSource<Task> completion)
    {
        _threadId = Environment.CurrentManagedThreadId;
        SetSynchronizationContext(this);
        var task = body(this);
        _ = task.ContinueWith(_ => Post(_ => _queue.CompleteAdding(), null), TaskScheduler.Default);
        foreach (var (callback, state) in _queue.GetConsumingEnumerable())
        {
            callback(state);
        }

        completion.SetResult(task);
    }
}
