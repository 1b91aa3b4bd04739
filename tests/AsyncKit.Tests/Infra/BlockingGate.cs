namespace AsyncKit.Tests;

/// <summary>A <see cref="TestGate"/> at which threads wait. Disposing opens it, so a failing test leaves no thread
/// blocked.</summary>
internal sealed class BlockingGate : IDisposable
{
    private readonly TestGate _gate = new();

    public int Arrivals => _gate.Arrivals;

    public int Peak => _gate.Peak;

    public Task ArrivedAsync(int count) => _gate.ArrivedAsync(count);

    public void Open() => _gate.Open();

#pragma warning disable VSTHRD002 // Blocking the thread is the purpose.
    public void Pass(CancellationToken cancellationToken = default) =>
        _gate.PassAsync(cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    public void Dispose() => Open();
}
