namespace AsyncKit.Tests;

/// <summary>A <see cref="Gate"/> at which threads wait. Opens when disposed, so that a failing test leaves nobody
/// there.</summary>
internal sealed class BlockingGate : IDisposable
{
    private readonly Gate _gate = new();

    public int Arrivals => _gate.Arrivals;

    public int Peak => _gate.Peak;

    public Task ArrivedAsync(int count) => _gate.ArrivedAsync(count);

    public void Open() => _gate.Open();

#pragma warning disable VSTHRD002 // To block the thread is the point.
    public void Pass(CancellationToken cancellationToken = default) =>
        _gate.PassAsync(cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    public void Dispose() => Open();
}
