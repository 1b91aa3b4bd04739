namespace AsyncKit.Http.Tests;

public sealed class DownloadMemoryTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const int MiB = 1024 * 1024;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Memory_does_not_depend_on_the_size_of_a_file()
    {
        _ = await AllocatedAsync(MiB); // Warm-up: allocates the objects that are created once.

        var small = await AllocatedAsync(MiB);
        var large = await AllocatedAsync(64 * MiB);

        // A debug build allocates a few hundred bytes per block of 128 KiB: its async state machines are classes.
        Assert.True(large - small < MiB / 2, $"{small} bytes for 1 MiB, {large} for 64.");
    }

    private async Task<long> AllocatedAsync(int length)
    {
        using var handler = new ScriptedHandler(_ =>
        {
            var response = Responses.Whole([], body: new Zeros(length));
            response.Content.Headers.ContentLength = length;
            return response;
        });
        using var client = handler.Client();
        var options = new DownloadOptions
        {
            OnExisting = ExistingFile.Replace,
            ExpectedSha256 = length == MiB
                ? "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"
                : "3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351",
        };
        var before = GC.GetTotalAllocatedBytes(precise: true);

        _ = await client.DownloadAsync(new Uri("http://example.org/zeros"), _folder["zeros"], options).OrHangs();

        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private sealed class Zeros(long length) : BodyStream
    {
        private long _remaining = length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(buffer.Length, _remaining);
            buffer.Span[..count].Clear();
            _remaining -= count;
            return new ValueTask<int>(count);
        }
    }
}
