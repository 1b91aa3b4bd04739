namespace AsyncKit.Tests;

public sealed class ResultBufferTests : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<int?, int> Sizes()
    {
        var data = new TheoryData<int?, int>();
        foreach (var expected in (int?[])[null, 0, 1, 32, 33, 100, 5_000])
        {
            foreach (var count in (int[])[0, 1, 31, 32, 33, 64, 95, 96, 97, 224, 225, 5_000, 70_000])
            {
                data.Add(expected, count);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_result_is_stored_at_its_index_for_any_expected_count(int? expected, int count)
    {
        var buffer = new ResultBuffer<int>(expected);

        foreach (var index in Enumerable.Range(0, count).OrderBy(index => index % 97))
        {
            buffer.Store(index, ~index);
        }

        Assert.Equal(Enumerable.Range(0, count).Select(index => ~index), buffer.ToArray(count));
    }

    [Fact]
    public void A_known_count_returns_the_array_without_a_copy()
    {
        var buffer = new ResultBuffer<int>(count: 100);
        for (var index = 0; index < 100; index++)
        {
            buffer.Store(index, index);
        }

        Assert.Same(buffer.ToArray(100), buffer.ToArray(100));
    }

    [Fact]
    public void Several_threads_store_at_once()
    {
        const int Count = 300_000;
        var buffer = new ResultBuffer<int>(expected: null);
        var next = -1;

        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) < Count)
            {
                buffer.Store(index, index);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(Enumerable.Range(0, Count), buffer.ToArray(Count));
    }
}
