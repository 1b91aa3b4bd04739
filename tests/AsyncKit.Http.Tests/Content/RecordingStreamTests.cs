namespace AsyncKit.Http.Tests;

public sealed class RecordingStreamTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task A_write_waits_until_the_recording_was_forwarded()
    {
        var target = new SlowTarget();
        await using var recording = new RecordingStream(maxBytes: 100) { Target = target };
        await recording.WriteAsync("first"u8.ToArray());
        recording.StartForwarding(default);

        var second = recording.WriteAsync("second"u8.ToArray()).AsTask();
        Assert.Equal(["first"], target.Writes);
        target.First.SetResult();
        await second.OrHangs();
        await recording.FinishAsync(default);

        Assert.Equal(["first", "second"], target.Writes);
        Assert.Equal("firstsecond"u8.ToArray(), recording.Bytes.ToArray());
    }

    /// <summary>Its first write waits.</summary>
    private sealed class SlowTarget : MemoryStream
    {
        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Writes { get; } = [];

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes.Add(System.Text.Encoding.UTF8.GetString(buffer.Span));
            if (Writes.Count == 1)
            {
                await First.Task;
            }
        }
    }
}
