using System.Diagnostics;

namespace RemoteResize;

/// <summary>Worker processes of this program. Disposing kills them.</summary>
internal sealed class Workers : IDisposable
{
    private readonly Process[] _processes;
    private readonly TaskCompletionSource[] _serving;
    private readonly int[] _counts;

    public Workers(int count)
    {
        _counts = new int[count];
        _serving = [.. Enumerable.Range(0, count).Select(_ => new TaskCompletionSource())];
        _processes = [.. Enumerable.Range(0, count).Select(Start)];
    }

    /// <summary>The number of items that each worker has started.</summary>
    public int[] Counts => [.. _counts];

    public Task ServingAsync() => Task.WhenAll(_serving.Select(one => one.Task));

    public void KillFirst() => _processes[0].Kill();

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.Dispose();
        }
    }

    private Process Start(int index)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true };
        if (string.Equals(Path.GetFileNameWithoutExtension(Environment.ProcessPath), "dotnet", StringComparison.Ordinal))
        {
            start.ArgumentList.Add(typeof(Workers).Assembly.Location);
        }

        start.ArgumentList.Add("serve");
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) =>
        {
            switch (line.Data)
            {
                case "serving":
                    _serving[index].TrySetResult();
                    break;
                case "item":
                    Interlocked.Increment(ref _counts[index]);
                    break;
                case null:
                    _serving[index].TrySetException(new InvalidOperationException("A worker exited."));
                    break;
            }
        };
        process.BeginOutputReadLine();
        return process;
    }
}
