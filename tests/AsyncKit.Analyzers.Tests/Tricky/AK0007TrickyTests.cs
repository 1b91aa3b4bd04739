using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0007TrickyTests() : TrickyTests("AK0007")
{
    [Fact]
    public Task Work_with_files_blocks() => FixesAsync(InMethod("""
        var files = await [|Task.Run(() => Directory.GetFiles("a"), ct)|].ConfigureAwait(false);
        var text = await [|Task.Run<string>(() => File.ReadAllText(files[0]))|];
        await [|Task.Run(() => { File.Copy(text, "b", overwrite: true); })|]; // Copied.
        """));

    [Fact]
    public Task A_task_that_is_returned_is_awaited_by_the_caller() => FixesAsync("""
        using static System.IO.File;
        using F = System.IO.File;
        public class Sample
        {
            public Task<string> ReadAsync(string path) => [|Task.Run(() => ReadAllText(path))|];
            public Task<byte[]> BytesAsync(string path, CancellationToken ct)
            {
                return [|Task.Run(() => F.ReadAllBytes(path), ct)|];
            }
        }
        """);

    [Fact]
    public Task Waiting_for_a_task_blocks() => FixesAsync(InMethod("""
        var page = await [|Task.Run(() => Web.GetAsync(uri).Result)|];
        var count = await [|Task.Run(() => Web.CountAsync(uri).GetAwaiter().GetResult())|];
        await [|Task.Run(() => Web.SendAsync(uri).Wait(), ct)|];
        """));

    [Fact]
    public Task Waiting_for_a_handle_or_a_process_blocks() => FixesAsync("""
        using System.Diagnostics;
        public class Sample
        {
            public async Task RunAsync(ManualResetEvent ready, CountdownEvent countdown, Process? process, Thread thread)
            {
                await [|Task.Run(() => ready.WaitOne())|];
                await [|Task.Run(() => countdown.Wait())|];
                await [|Task.Run(() => { process?.WaitForExit(); })|];
                await [|Task.Run(() => { if (thread.IsAlive) { thread.Join(); } })|];
                await [|Task.Run(() => { try { Thread.Sleep(100); } finally { Console.WriteLine("slept"); } })|];
            }
        }
        """);

    [Fact]
    public Task A_type_that_derives_from_a_blocking_one_blocks() => FixesAsync("""
        using System.Net;
        using Connection = System.Data.Common.DbConnection;
        public class Sample<TCommand>(Connection connection) where TCommand : System.Data.Common.DbCommand
        {
            public async Task<int> RunAsync(System.Data.Common.DbCommand command, HttpClient client, TCommand generic)
            {
                await [|Task.Run(() => connection.Open())|];
                using var response = await [|Task.Run(() => client.Send(new HttpRequestMessage()))|];
                var entry = await [|Task.Run(() => Dns.GetHostEntry("a"))|];
                return await [|Task.Run(() => command.ExecuteNonQuery())|];
            }
        }
        """);

    [Fact]
    public Task Work_for_the_cores_belongs_on_the_pool() => SilentAsync("""
        public class File { public string ReadAllText() => ""; public int Result => 1; public void Wait() { } }
        public class Sample
        {
            public async Task RunAsync(int[] numbers, File file, string path)
            {
                await Task.Run(() => numbers.Sum());
                await Task.Run(() => file.ReadAllText());
                await Task.Run(() => file.Result);
                await Task.Run(() => file.Wait());
                await Task.Run(() => System.IO.File.Exists(path));
                await Task.Run(() => Directory.Exists(path));
                await Task.Run(() => Directory.CreateDirectory(path));
                await Task.Run(() => Path.GetFullPath(path));
            }
        }
        """);

    [Fact]
    public Task An_async_lambda_or_one_that_returns_a_task_is_no_blocking_work() => SilentAsync(InMethod("""
        await Task.Run(async () => { Thread.Sleep(10); await Web.SendAsync(uri, ct); }, ct);
        var page = await Task.Run(() => { Thread.Sleep(10); return Web.GetAsync(uri, ct); }, ct);
        await Task.Run(() => { while (true) { Thread.Sleep(10); Console.WriteLine(uri); } });
        await Task.Run(() => Task.Delay(100));
        """));

    [Fact]
    public Task A_blocking_call_of_a_nested_function_runs_elsewhere() => SilentAsync(InMethod("""
        var lazy = await Task.Run(() => uris.Select(u => File.ReadAllText(u.LocalPath)));
        var later = await Task.Run(() => new Lazy<string>(() => File.ReadAllText("a")));
        await Task.Run(() => { void Local() => Thread.Sleep(10); Console.WriteLine(nameof(Local)); });
        await Task.Run(() => Console.WriteLine(nameof(File.ReadAllText)));
        await Task.Run(() => { System.Linq.Expressions.Expression<Func<string>> e = () => File.ReadAllText("a"); Console.WriteLine(e); });
        """));

    [Fact]
    public Task A_task_that_is_not_awaited_here_is_left_alone() => SilentAsync(InMethod("""
        _ = Task.Run(() => Thread.Sleep(10), ct);
        var task = Task.Run(() => Thread.Sleep(10), ct);
        await task;
        await Task.Factory.StartNew(() => Thread.Sleep(10), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.Run(Load);
        Func<string> load = () => File.ReadAllText("a");
        await Task.Run(load);
        static void Load() => Thread.Sleep(10);
        """));

    [Fact]
    public Task A_wait_without_a_duration_does_not_block() => SilentAsync("""
        public class Sample
        {
            public async Task RunAsync(ManualResetEvent ready, ManualResetEventSlim slim, Task task)
            {
                await Task.Run(() => ready.WaitOne(0));
                await Task.Run(() => slim.Wait(TimeSpan.Zero));
                await Task.Run(() => task.Wait(0));
            }
        }
        """);
}
