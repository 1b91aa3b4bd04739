using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace AsyncKit.Tests;

/// <summary>The file of a run: what is skipped, what is written, and which files are refused.</summary>
public sealed class RunJournalTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("journal").FullName;

    private string FilePath => Path.Combine(_folder, "run.journal");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_second_run_returns_the_results_of_the_first_without_calling_the_operation()
    {
        var first = await RunAsync(Enumerable.Range(0, 100), _ => false);
        var second = await RunAsync(Enumerable.Range(0, 150), _ => false);

        Assert.Equal(100, first.Calls.Count);
        Assert.Equal(Enumerable.Range(100, 50), second.Calls.Order());
        Assert.Equal(Enumerable.Range(0, 150).Select(item => new Product(item, $"name\n\"{item}\"")), second.Results);
    }

    [Fact]
    public async Task A_result_is_in_the_file_before_the_caller_gets_it()
    {
        await using var journal = RunJournal.Open(FilePath);
        Func<int, CancellationToken, ValueTask<int>> operation = (item, _) => new(item);
        var load = operation.WithJournal(journal, item => $"{item:0000}", TestJson.Default.Int32);
        var length = new FileInfo(FilePath).Length;
        for (var item = 1_000; item < 1_500; item++)
        {
            await load(item, default);
            length += "[\"1000\",1000]\n".Length;
            Assert.Equal(length, new FileInfo(FilePath).Length);
        }
    }

    [Fact]
    public async Task A_failed_item_is_not_written_and_runs_again()
    {
        var first = await RunAsync(Enumerable.Range(0, 40), item => item % 4 == 0);
        var second = await RunAsync(Enumerable.Range(0, 40), _ => false);

        Assert.Equal(40, first.Calls.Count);
        Assert.Equal(Enumerable.Range(0, 40).Where(item => item % 4 == 0), second.Calls.Order());
        Assert.Equal(40, second.Results.Count);
    }

    [Fact]
    public async Task A_file_that_was_cut_anywhere_keeps_its_whole_lines_and_completes()
    {
        await RunAsync(Enumerable.Range(0, 4), _ => false);
        var whole = await File.ReadAllBytesAsync(FilePath);
        for (var length = 0; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(FilePath, whole[..length]);
            var lines = whole.Take(length).Count(one => one == '\n');
            await RunJournal.Open(FilePath).DisposeAsync();
            var kept = await File.ReadAllBytesAsync(FilePath);
            Assert.Equal(Math.Max(1, lines), kept.Count(one => one == '\n'));
            Assert.Equal('\n', (char)kept[^1]); // Nothing is left of the cut line.
            var resumed = await RunAsync(Enumerable.Range(0, 4), _ => false);

            Assert.Equal(4 - Math.Max(0, lines - 1), resumed.Calls.Count);
            Assert.Equal(5, (await File.ReadAllLinesAsync(FilePath)).Length);
            Assert.Equal(whole.Length, new FileInfo(FilePath).Length);
        }
    }

    [Theory]
    [InlineData("[\"a\",{\"Id\":1\n")]
    [InlineData("[1,2]\n")]
    [InlineData("[\"a\",1,2]\n")]
    [InlineData("[\"a\"]x\n")]
    [InlineData("\n")]
    [InlineData("{}\n")]
    [InlineData("\0\0\0\n")]
    public async Task A_damaged_line_is_refused_with_its_number_and_the_file_is_not_changed(string line)
    {
        await RunAsync([1, 2], _ => false);
        await File.AppendAllTextAsync(FilePath, line + "[\"b\"]\n[\"torn");
        var before = await File.ReadAllBytesAsync(FilePath);

        var exception = Assert.Throws<InvalidDataException>(() => { _ = RunJournal.Open(FilePath); });

        Assert.StartsWith($"Line 4 of the journal '{FilePath}' is damaged:", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(FilePath));
    }

    [Theory]
    [InlineData("a list without a line feed")]
    [InlineData("[\"a\",1]\n")]
    [InlineData("{\"AsyncKit.RunJournal\":2}\n")]
    [InlineData("\0")]
    public async Task A_file_that_is_not_a_journal_is_refused_and_not_changed(string text)
    {
        await File.WriteAllTextAsync(FilePath, text);

        var exception = Assert.Throws<InvalidDataException>(() => { _ = RunJournal.Open(FilePath); });

        Assert.Contains(FilePath, exception.Message, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(FilePath));
    }

    [Fact]
    public async Task A_file_that_is_open_is_refused()
    {
        await using (RunJournal.Open(FilePath))
        {
            Assert.Contains(FilePath, Assert.Throws<IOException>(() => { _ = RunJournal.Open(FilePath); }).Message, StringComparison.Ordinal);
        }

        await RunJournal.Open(FilePath).DisposeAsync();
    }

    [Fact]
    public async Task A_result_of_another_type_is_an_error_that_names_the_key_and_the_file()
    {
        await RunAsync([7], _ => false);
        await using var journal = RunJournal.Open(FilePath);
        Func<int, CancellationToken, ValueTask<int>> operation = (item, _) => new(item);

        var exception = await Assert.ThrowsAsync<InvalidDataException>(async () =>
            await operation.WithJournal(journal, item => $"{item}", TestJson.Default.Int32)(7, default));

        Assert.StartsWith($"The result of '7' in the journal '{FilePath}' is not a Int32:", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_larger_than_the_buffer_and_indented_json_are_read_again()
    {
        var options = new JsonSerializerOptions { WriteIndented = true, TypeInfoResolver = TestJson.Default };
        options.Converters.Add(new IndentingConverter());
        var typeInfo = (JsonTypeInfo<Product>)options.GetTypeInfo(typeof(Product));
        var names = Enumerable.Range(0, 3).Select(item => new string('x', 100_000 * item) + "\n").ToArray();
        for (var run = 0; run < 2; run++)
        {
            var calls = 0;
            await using var journal = RunJournal.Open(FilePath);
            Func<int, CancellationToken, ValueTask<Product>> operation = (item, _) =>
            {
                Interlocked.Increment(ref calls);
                return new(new Product(item, names[item]));
            };
            var results = await new[] { 0, 1, 2 }.FanOutAsync(2, operation.WithJournal(journal, item => $"\n{item}", typeInfo));

            Assert.Equal(names, results.Select(one => one.Name), StringComparer.Ordinal);
            Assert.Equal(run == 0 ? 3 : 0, calls);
            Assert.Equal(3, journal.Count);
        }

        Assert.Equal(4, (await File.ReadAllLinesAsync(FilePath)).Length);
    }

    [Fact]
    public async Task A_result_that_is_nested_as_deeply_as_its_options_allow_is_written_and_read()
    {
        const int Depth = 2_000;
        var options = new JsonSerializerOptions { MaxDepth = Depth, TypeInfoResolver = TestJson.Default };
        var typeInfo = (JsonTypeInfo<JsonElement>)options.GetTypeInfo(typeof(JsonElement));
        using var document = JsonDocument.Parse(
            new string('[', Depth) + new string(']', Depth), new JsonDocumentOptions { MaxDepth = Depth });
        var deep = document.RootElement;
        Func<int, CancellationToken, ValueTask<JsonElement>> operation = (_, _) => new(deep);
        Func<int, CancellationToken, ValueTask<JsonElement>> never = (_, _) => throw new InvalidOperationException("It must not run.");
        await using (var journal = RunJournal.Open(FilePath))
        {
            await operation.WithJournal(journal, item => $"{item}", typeInfo)(1, default);
        }

        await using var later = RunJournal.Open(FilePath);
        var read = await never.WithJournal(later, item => $"{item}", typeInfo)(1, default);

        Assert.Equal(deep.GetRawText(), read.GetRawText());
    }

    [Fact]
    public async Task Each_shape_of_an_operation_is_skipped_in_the_second_run()
    {
        var calls = new List<string>();
        Func<string, CancellationToken, ValueTask<int>> valueTaskOf = (item, _) => new(Call(item));
        Func<string, CancellationToken, Task<int>> taskOf = (item, _) => Task.FromResult(Call(item));
        Func<string, CancellationToken, ValueTask> valueTask = (item, _) => new(Task.FromResult(Call(item)));
        Func<string, CancellationToken, Task> task = (item, _) => Task.FromResult(Call(item));
        for (var run = 0; run < 2; run++)
        {
            await using var journal = RunJournal.Open(FilePath);
            Assert.Equal(1, await valueTaskOf.WithJournal(journal, Key, TestJson.Default.Int32)("a", default));
            Assert.Equal(2, await taskOf.WithJournal(journal, Key, TestJson.Default.Int32)("bb", default));
            await valueTask.WithJournal(journal, Key)("ccc", default);
            await task.WithJournal(journal, Key)("dddd", default);
            Assert.Equal($"RunJournal: 4 results in {FilePath}", journal.ToString());
        }

        Assert.Equal(["a", "bb", "ccc", "dddd"], calls);

        int Call(string item)
        {
            calls.Add(item);
            return item.Length;
        }

        static string Key(string item) => item;
    }

    [Fact]
    public async Task Of_two_results_with_the_same_key_a_later_run_gets_the_first()
    {
        var (started, first) = (new TaskCompletionSource(), new TaskCompletionSource<int>());
        await using (var journal = RunJournal.Open(FilePath))
        {
            var call = 0;
            Func<int, CancellationToken, Task<int>> operation = async (item, _) =>
            {
                if (call++ == 0)
                {
                    started.SetResult();
                    return await first.Task;
                }

                return item;
            };
            var same = operation.WithJournal(journal, _ => "same", TestJson.Default.Int32);
            var slow = same(1, default);
            await started.Task;
            Assert.Equal(2, await same(2, default));
            first.SetResult(1);
            Assert.Equal(1, await slow);
        }

        await using var later = RunJournal.Open(FilePath);
        Func<int, CancellationToken, Task<int>> never = (_, _) => throw new InvalidOperationException("It must not run.");
        Assert.Equal(2, await never.WithJournal(later, _ => "same", TestJson.Default.Int32)(3, default));
        Assert.Equal(1, later.Count);
    }

    [Fact]
    public async Task A_closed_journal_refuses_operations_and_a_null_key_is_named()
    {
        var journal = RunJournal.Open(FilePath);
        Func<string?, CancellationToken, Task> operation = (_, _) => Task.CompletedTask;
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(
            () => operation.WithJournal(journal, item => item!)(null, default));
        Assert.StartsWith("The key of a journal must not be null", exception.Message, StringComparison.Ordinal);

        await journal.DisposeAsync();
        await journal.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => operation.WithJournal(journal, item => item!)("a", default));
    }

    [Fact]
    public async Task Wrong_arguments_are_named()
    {
        Func<int, CancellationToken, Task> operation = (_, _) => Task.CompletedTask;
        Func<int, CancellationToken, Task<int>> withResult = (_, _) => Task.FromResult(1);
        Assert.Equal("path", Assert.Throws<ArgumentException>(() => { _ = RunJournal.Open(""); }).ParamName);
        Assert.Throws<DirectoryNotFoundException>(() => { _ = RunJournal.Open(Path.Combine(_folder, "none", "a")); });
        Assert.Equal("journal", Assert.Throws<ArgumentNullException>(() => operation.WithJournal(null!, item => "")).ParamName);
        await using var journal = RunJournal.Open(FilePath);
        Assert.Equal("key", Assert.Throws<ArgumentNullException>(() => operation.WithJournal(journal, null!)).ParamName);
        Assert.Equal("typeInfo", Assert.Throws<ArgumentNullException>(
            () => withResult.WithJournal(journal, item => "", null!)).ParamName);
    }

    private async Task<(List<int> Calls, List<Product> Results)> RunAsync(IEnumerable<int> items, Func<int, bool> fails)
    {
        var (calls, results) = (new List<int>(), new List<Product>());
        await using var journal = RunJournal.Open(FilePath);
        Func<int, CancellationToken, ValueTask<Product>> operation = async (item, _) =>
        {
            lock (calls)
            {
                calls.Add(item);
            }

            await Task.Yield();
            return fails(item) ? throw new FormatException($"{item}") : new Product(item, $"name\n\"{item}\"");
        };
        var report = await items.FanOutReportAsync(
            8, operation.WithJournal(journal, item => $"{item}", TestJson.Default.Product));
        return (calls, [.. report.Values]);
    }

    internal sealed record Product(int Id, string Name);

    /// <summary>Writes a product over several lines, as a converter may.</summary>
    private sealed class IndentingConverter : JsonConverter<Product>
    {
        public override Product Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize(ref reader, TestJson.Default.Product)!;

        public override void Write(Utf8JsonWriter writer, Product value, JsonSerializerOptions options)
        {
            var text = Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(value, TestJson.Default.Product));
            writer.WriteRawValue(text.Replace(",", ",\n", StringComparison.Ordinal));
        }
    }
}

[JsonSerializable(typeof(RunJournalTests.Product))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class TestJson : JsonSerializerContext;
