namespace AsyncKit.Tests;

/// <summary>
/// Holds operations until the test opens it. Counts the arrivals and the maximum of operations inside at once.
/// </summary>
internal sealed class TestGate
{
    private readonly TaskCompletionSource _opened = NewSignal();
    private readonly List<(int Count, TaskCompletionSource Reached)> _expectations = [];
    private readonly Lock _lock = new();
    private int _arrivals;
    private int _inside;
    private int _peak;

    public int Arrivals
    {
        get
        {
            lock (_lock)
            {
                return _arrivals;
            }
        }
    }

    public int Peak
    {
        get
        {
            lock (_lock)
            {
                return _peak;
            }
        }
    }

    public static TestGate Opened()
    {
        var gate = new TestGate();
        gate.Open();
        return gate;
    }

    public void Open() => _opened.TrySetResult();

    /// <summary>Completes when the total number of arrivals reaches the count.</summary>
    public Task ArrivedAsync(int count)
    {
        lock (_lock)
        {
            if (_arrivals >= count)
            {
                return Task.CompletedTask;
            }

            var reached = NewSignal();
            _expectations.Add((count, reached));
            return reached.Task.OrHangs();
        }
    }

    /// <summary>Arrives and stays inside, without waiting.</summary>
    public void Arrive()
    {
        List<TaskCompletionSource> reached;
        lock (_lock)
        {
            _arrivals++;
            _peak = Math.Max(_peak, ++_inside);
            reached = [.. _expectations.Where(one => one.Count <= _arrivals).Select(one => one.Reached)];
        }

        foreach (var one in reached)
        {
            one.TrySetResult();
        }
    }

    /// <summary>Arrives, waits until the gate opens or the token is cancelled, and leaves.</summary>
    public async Task PassAsync(CancellationToken cancellationToken = default)
    {
        Arrive();
        try
        {
            await _opened.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                _inside--;
            }
        }
    }

    /// <summary>Under a schedule, continuations avoid the thread pool.</summary>
    private static TaskCompletionSource NewSignal() => new(
        World.IsScheduled ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
}
