using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.BlockingTaskRunAnalyzer, AsyncKit.Analyzers.BlockingTaskRunFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class BlockingTaskRunTests
{
    private const string Template = """
        public sealed class C
        {
            private static int Compute(byte[] bytes) => bytes.Length;
            private static Task<int> LoadAsync() => Task.FromResult(1);
            public async Task RunAsync(
                string path, Uri uri, TimeSpan timeout, ManualResetEventSlim ready, AutoResetEvent signal, Mutex mutex, Thread thread,
                System.Diagnostics.Process process, System.Data.Common.DbCommand command, HttpClient client, Task<int> task,
                System.Collections.Concurrent.BlockingCollection<Task> tasks, CancellationToken ct)
            {
                BODY
            }
        }
        """;

    [Fact]
    public Task A_blocking_call_is_reported() => EachAsync(
        "var files = await [|Task.Run(() => Directory.GetFiles(path), ct)|];",
        "await [|Task.Run(() => File.Delete(path))|].ConfigureAwait(false);",
        "var text = await [|Task.Run(() => { var read = File.ReadAllText(path); return read.Trim(); })|];",
        "await [|Task.Run(() => Thread.Sleep(100))|];",
        "await [|Task.Run(() => thread.Join())|];",
        "await [|Task.Run(() => ready.Wait(ct), ct)|];",
        "await [|Task.Run(() => signal.WaitOne(timeout))|];",
        "await [|Task.Run(() => ct.WaitHandle.WaitOne())|];",
        "await [|Task.Run(() => process.WaitForExit())|];",
        "await [|Task.Run(() => command.ExecuteScalar())|];",
        "await [|Task.Run(() => command.Connection!.Open())|];",
        "await [|Task.Run(() => client.Send(new HttpRequestMessage(HttpMethod.Get, uri)))|];",
        "await [|Task.Run(() => System.Net.Dns.GetHostAddresses(uri.Host))|];",
        "await [|Task.Run(() => LoadAsync().Result)|];",
        "await [|Task.Run(() => LoadAsync().GetAwaiter().GetResult())|];",
        "await [|Task.Run(() => LoadAsync().ConfigureAwait(false).GetAwaiter().GetResult())|];",
        "await [|Task.Run(() => task.Wait())|];",
        "Func<Task> f = () => [|Task.Run(() => File.Delete(path))|]; await f();",
        "await ReadAsync(); Task<string> ReadAsync() { return [|Task.Run(() => File.ReadAllText(path))|]; }");

    [Fact]
    public Task Other_work_is_not_reported() => EachAsync(
        "await Task.Run(() => Compute([]));",
        "await Task.Run(async () => { Thread.Sleep(1); await Task.Yield(); });",
        "await Task.Run(() => File.ReadAllTextAsync(path));",
        "await Task.Run(() => { File.Delete(path); return LoadAsync(); });",
        "await Task.Run(() => { while (true) { Thread.Sleep(1); } });",
        "_ = Task.Run(() => File.Delete(path));",
        "var running = Task.Run(() => File.Delete(path)); await running;",
        "await Task.Factory.StartNew(() => File.Delete(path), TaskCreationOptions.LongRunning);",
        "await Task.Run(() => File.Exists(path));",
        "await Task.Run(() => Directory.CreateDirectory(path));",
        "await Task.Run(() => Directory.GetCurrentDirectory());",
        "await Task.Run(() => System.Net.Dns.GetHostName());",
        "await Task.Run(() => { Action later = () => File.Delete(path); later = null!; });",
        "await task; await Task.Run(() => task.Result);",
        "await task; await Task.Run(() => task.GetAwaiter().GetResult());",
        "await Task.Run(() => Task.FromResult(1).Result);",
        "await Task.Run(() => ready.Wait(0));",
        "await Task.Run(() => signal.WaitOne(TimeSpan.Zero));",
        "await Task.Run(() => mutex.WaitOne());",
        "await Task.Run(() => tasks.Take());",
        "await Offload.RunAsync(() => File.Delete(path));");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "await [|Task.Run<string>(() => File.ReadAllText(path))|];",
        "await [|Task.Run(delegate { File.Delete(path); })|];",
        "await [|Task.Run((Action)(() => File.Delete(path)))|];",
        "await [|Task.Run(action: () => File.Delete(path), cancellationToken: ct)|];",
        "await Task.WhenAll(new[] { path }.Select(name => [|Task.Run(() => File.ReadAllText(name))|]));",
        "await Task.Run(Delete); void Delete() => File.Delete(path);",
        "await Task.Run(() => Delete()); void Delete() => File.Delete(path);",
        "await Task.Run(() => { Thread.Sleep(0); });",
        "await Task.Run(() => { var copy = path; void Local() => File.Delete(copy); return copy; });",
        "var text = (await [|Task.Run(() => File.ReadAllText(path))|]).Length;",
        "await using var stream = await [|Task.Run(() => File.OpenRead(path))|];",
        "await Task.Run(() => nameof(File.Delete));",
        "Func<string, string> read = File.ReadAllText; await Task.Run(() => read(path));",
        "await Task.Run(() =>\n#if NEVER\nFile.Delete(path)\n#else\nCompute([])\n#endif\n);",
        "dynamic d = ready; await Task.Run(() => { d.Wait(); });",
        "foreach (var line in await [|Task.Run(() => File.ReadAllLines(path))|]) { }");

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new BlockingTaskRunAnalyzer(), "await [|Task.Run(() => Thread.Sleep(1))|];", OutputKind.ConsoleApplication);

    [Fact]
    public Task A_connection_of_a_provider_is_a_connection() => Verify.ReportsAsync(new BlockingTaskRunAnalyzer(), """
        public sealed class MyConnection : System.Data.Common.DbConnection
        {
            public override void Open() { }
            public override void Close() { }
            public override void ChangeDatabase(string name) { }
            public override string ConnectionString { get; set; } = "";
            public override string Database => "";
            public override string DataSource => "";
            public override string ServerVersion => "";
            public override System.Data.ConnectionState State => default;
            protected override System.Data.Common.DbTransaction BeginDbTransaction(System.Data.IsolationLevel level) => null!;
            protected override System.Data.Common.DbCommand CreateDbCommand() => null!;
            public static async Task RunAsync(MyConnection connection) => await [|Task.Run(() => connection.Open())|];
        }
        """);

    [Fact]
    public async Task The_message_names_the_blocking_call() => Assert.Equal(
        ["'Directory.GetFiles' blocks a thread of the thread pool; 'Offload.RunAsync' uses a dedicated thread"],
        await Verify.MessagesAsync(new BlockingTaskRunAnalyzer(), Template.Replace(
            "BODY", "await Task.Run(() => Directory.GetFiles(path), ct);", StringComparison.Ordinal)));

    [Fact]
    public Task The_work_moves_to_a_dedicated_thread() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(string path, CancellationToken cancellationToken)
            {
                // All files.
                var files = await {|AK0007:Task.Run(() => Directory.GetFiles(path), cancellationToken)|}; // Found.
                await {|AK0007:Task.Run(() =>
                {
                    // One after another.
                    foreach (var file in files)
                    {
                        File.Delete(file); // Gone.
                    }
                })|}.ConfigureAwait(false);
                string text = await {|AK0007:Task.Run<string>(function: () => File.ReadAllText(path) /* All. */, cancellationToken: cancellationToken)|};
                await {|AK0007:System.Threading.Tasks.Task.Run(action: () => Thread.Sleep(1))|};
            }

            public Task DeleteAsync(string path) => /* Soon. */ {|AK0007:Task.Run(() => File.Delete(path))|};
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(string path, CancellationToken cancellationToken)
            {
                // All files.
                var files = await Offload.RunAsync(() => Directory.GetFiles(path), cancellationToken); // Found.
                await Offload.RunAsync(() =>
                {
                    // One after another.
                    foreach (var file in files)
                    {
                        File.Delete(file); // Gone.
                    }
                }).ConfigureAwait(false);
                string text = await Offload.RunAsync<string>(work: () => File.ReadAllText(path) /* All. */, cancellationToken: cancellationToken);
                await Offload.RunAsync(work: () => Thread.Sleep(1));
            }

            public Task DeleteAsync(string path) => /* Soon. */ Offload.RunAsync(() => File.Delete(path));
        }
        """);

    [Fact]
    public Task Three_documents_are_fixed_at_once_with_the_using_that_they_need() => Fix.FixesAsync(
        [
            """
            // A licence.

            // A class.
            public sealed class A { public static async Task RunAsync(string path) => await {|AK0007:Task.Run(() => File.Delete(path))|}; }
            """,
            """
            // A licence.
            using System.Text;
            using Zebra;

            namespace Zebra { public sealed class Offload; }

            public sealed class B
            {
                public static async Task RunAsync(string path)
                {
                    await {|AK0007:Task.Run(() => File.Delete(path))|};
                    await {|AK0007:Task.Run(() => File.Delete(path))|};
                }
            }
            """,
            """
            namespace Sample
            {
                using System.Text;

                public sealed class C { public static async Task RunAsync(string path) => await {|AK0007:Task.Run(() => File.Delete(path))|}; }
            }
            """,
        ],
        [
            """
            // A licence.

            using AsyncKit;

            // A class.
            public sealed class A { public static async Task RunAsync(string path) => await Offload.RunAsync(() => File.Delete(path)); }
            """,
            """
            // A licence.
            using System.Text;
            using AsyncKit;
            using Zebra;

            namespace Zebra { public sealed class Offload; }

            public sealed class B
            {
                public static async Task RunAsync(string path)
                {
                    await AsyncKit.Offload.RunAsync(() => File.Delete(path));
                    await AsyncKit.Offload.RunAsync(() => File.Delete(path));
                }
            }
            """,
            """
            namespace Sample
            {
                using System.Text;
                using AsyncKit;

                public sealed class C { public static async Task RunAsync(string path) => await Offload.RunAsync(() => File.Delete(path)); }
            }
            """,
        ],
        usings: Code.WithoutImport);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new BlockingTaskRunAnalyzer(), Template, bodies);
}
