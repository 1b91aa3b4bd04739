using System.Collections;

namespace AsyncKit.Tests;

/// <summary>Lists that are read by index, including one that changes during the run.</summary>
public sealed class FanOutListTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<string, Action<List<int>>> Changes => new()
    {
        { "Add", list => list.Add(0) },
        { "Remove", list => list.RemoveAt(list.Count - 1) },
        { "Clear", list => list.Clear() },
        { "Set", list => list[0] = -1 },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_List_changed_during_the_run_throws_InvalidOperationException_as_foreach_does(
        string name, Action<List<int>> change)
    {
        foreach (var limit in (int[])[1, 3, 64])
        {
            var list = Enumerable.Range(0, 50).ToList();

            var run = list.FanOutAsync(limit, async (item, token) =>
            {
                await Task.Yield();
                if (item == 5)
                {
                    lock (list)
                    {
                        change(list);
                    }
                }
            });

            await Assert.ThrowsAsync<InvalidOperationException>(() => run.OrHangs());
            Assert.True(run.Exception!.InnerExceptions.Count == 1, name + " was reported more than once.");
        }
    }

    [Fact]
    public async Task A_List_changed_by_its_last_item_throws_InvalidOperationException()
    {
        var list = new List<int> { 1 };

        await Assert.ThrowsAsync<InvalidOperationException>(() => list.FanOutAsync(1, (item, _) =>
        {
            list.Add(2);
            return new ValueTask<int>(item);
        }).OrHangs());
    }

    [Fact]
    public async Task A_List_changed_after_the_run_throws_nothing()
    {
        var list = new List<int> { 1, 2 };

        var results = await list.FanOutAsync(4, (item, _) => new ValueTask<int>(item));
        list.Clear();

        Assert.Equal([1, 2], results);
    }

    [Fact]
    public async Task A_changed_List_under_RunToEnd_is_reported_once()
    {
        var list = Enumerable.Range(0, 50).ToList();
        var options = new FanOutOptions { MaxConcurrency = 8, OnFailure = FailureMode.RunToEnd };

        var all = await Assert.ThrowsAsync<FanOutException>(() => list.FanOutAsync(options, async (item, _) =>
        {
            await Task.Yield();
            if (item == 5)
            {
                list.Add(0);
            }
        }).OrHangs());

        Assert.IsType<InvalidOperationException>(Assert.Single(all.InnerExceptions));
    }

    [Fact]
    public async Task Any_other_list_is_enumerated_and_its_count_sizes_the_results()
    {
        var results = await new NoIndexer(100).FanOutAsync(8, async (item, _) =>
        {
            await Task.Yield();
            return item;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, 100), results);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(99)]
    [InlineData(101)]
    [InlineData(100_000)]
    public async Task A_wrong_count_does_not_change_the_results(int wrongCount)
    {
        var items = new NoIndexer(100) { Count = wrongCount };

        var results = await items.FanOutAsync(8, (item, _) => new ValueTask<int>(item));

        Assert.Equal(Enumerable.Range(0, 100), results);
    }

    [Fact]
    public async Task A_subclass_of_List_is_enumerated_by_its_own_enumerator()
    {
        var results = await new Odd { 1, 2, 3 }.FanOutAsync(8, (item, _) => new ValueTask<int>(item));

        Assert.Equal([42], results);
    }

    [Fact]
    public async Task An_array_of_a_derived_type_is_accepted()
    {
        IEnumerable<object> items = new string[] { "a", "b" };

        var results = await items.FanOutAsync(2, (item, _) => new ValueTask<object>(item));

        Assert.Equal(items, results);
        leaks.Check();
    }

    private sealed class Odd : List<int>, IEnumerable<int>
    {
        IEnumerator<int> IEnumerable<int>.GetEnumerator() => ((IEnumerable<int>)[42]).GetEnumerator();
    }

    private sealed class NoIndexer(int length) : IList<int>
    {
        private readonly int? _wrongCount;

        public int Count
        {
            get => _wrongCount ?? length;
            init => _wrongCount = value;
        }

        public bool IsReadOnly => true;

        public int this[int index]
        {
            get => throw new InvalidOperationException("This indexer does not support concurrent reads.");
            set => throw new NotSupportedException();
        }

        public IEnumerator<int> GetEnumerator() => Enumerable.Range(0, length).Where(_ => true).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public bool Contains(int item) => throw new NotSupportedException();

        public int IndexOf(int item) => throw new NotSupportedException();

        public void CopyTo(int[] array, int arrayIndex) => throw new NotSupportedException();

        public void Add(int item) => throw new NotSupportedException();

        public void Clear() => throw new NotSupportedException();

        public void Insert(int index, int item) => throw new NotSupportedException();

        public bool Remove(int item) => throw new NotSupportedException();

        public void RemoveAt(int index) => throw new NotSupportedException();
    }
}
