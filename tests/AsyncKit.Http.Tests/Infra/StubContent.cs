using System.Text;

namespace AsyncKit.Http.Tests;

/// <summary>Text content that records its disposal.</summary>
internal sealed class StubContent(string text) : ByteArrayContent(Encoding.UTF8.GetBytes(text))
{
    public bool IsDisposed { get; private set; }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
