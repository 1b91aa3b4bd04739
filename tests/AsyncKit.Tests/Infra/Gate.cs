namespace AsyncKit.Tests;

/// <summary>
/// Where bodies wait until the test lets them go on. Counts who arrived and remembers the most that were inside at
/// once.
/// </summary>
internal sealed class Gate
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

    public static Gate Opened()
    {
        var gate = new Gate();
        gate.Open();
        return gate;
    }

    public void Open() => _opened.TrySetResult();

    /// <summary>Ends when that many have arrived, counted from the gate's beginning.</summary>
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

    /// <summary>Arrives and stays, without waiting.</summary>
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

    /// <summary>Arrives, waits until the gate is open or the token is cancelled, leaves.</summary>
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

    /// <summary>Under a schedule nothing goes through the pool that need not.</summary>
    private static TaskCompletionSource NewSignal() => new(
        World.IsScheduled ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
}
