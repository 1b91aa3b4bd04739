using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.BlockingCallAnalyzer, AsyncKit.Analyzers.BlockingCallFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class BlockingCallTests
{
    private const string Usings = Code.Usings + "\nglobal using System.Collections.Concurrent;";

    private const string Template = """
        public sealed class C
        {
            private readonly object _gate = new();
            private readonly ReaderWriterLockSlim _readers = new();
            private static Task WorkAsync() => Task.CompletedTask;
            public async Task RunAsync(
                string path, TimeSpan timeout, AutoResetEvent signal, WaitHandle handle, WaitHandle[] handles, ManualResetEvent[] events,
                ManualResetEventSlim ready, CountdownEvent count, Barrier barrier, Mutex mutex, Thread thread, bool flag,
                System.Collections.Concurrent.BlockingCollection<int> queue,
                System.Collections.Concurrent.BlockingCollection<Task> tasks, CancellationToken ct)
            {
                await WorkAsync();
                BODY
            }
        }
        """;

    [Fact]
    public Task A_blocking_call_is_reported() => EachAsync(
        "[|signal.WaitOne()|];",
        "if (![|signal.WaitOne(timeout)|]) { return; }",
        "[|ct.WaitHandle.WaitOne()|];",
        "[|WaitHandle.WaitAny(events)|];",
        "[|WaitHandle.WaitAll([signal, ct.WaitHandle])|];",
        "var index = [|WaitHandle.WaitAny(new WaitHandle[] { signal, ready.WaitHandle }, 100)|];",
        "[|ready.Wait(ct)|];",
        "[|count.Wait()|];",
        "[|barrier.SignalAndWait(ct)|];",
        "var x = [|queue.Take(ct)|];",
        "foreach (var x in [|queue.GetConsumingEnumerable(ct)|]) { await WorkAsync(); }",
        "[|thread.Join()|];",
        "[|File.Copy(path, path + \".bak\", overwrite: true)|];",
        "[|SpinWait.SpinUntil(() => flag)|];",
        "Func<Task> f = async () => { [|ready.Wait()|]; await WorkAsync(); }; await f();",
        "async Task LocalAsync() { await WorkAsync(); [|ready.Wait()|]; } await LocalAsync();");

    [Fact]
    public Task Calls_that_return_at_once_or_have_an_owner_are_not_reported() => EachAsync(
        "signal.WaitOne(0);",
        "signal.WaitOne(TimeSpan.Zero);",
        "signal.WaitOne(0, false);",
        "ready.Wait(0, ct);",
        "count.Wait(TimeSpan.Zero);",
        "thread.Join(0);",
        "WaitHandle.WaitAny(events, 0);",
        "SpinWait.SpinUntil(() => flag, 0);",
        "mutex.WaitOne();",
        "handle.WaitOne();",
        "WaitHandle.WaitAny(handles);",
        "WaitHandle.WaitAll([signal, mutex]);",
        "WaitHandle.WaitAny(new WaitHandle[] { signal, mutex });",
        "Thread.CurrentThread.Join(100);",
        "Thread.Sleep(1);",
        "File.Delete(path);",
        "queue.TryTake(out var x);",
        "Action later = () => ready.Wait(); later();",
        "void Local() => ready.Wait(); Local();",
        "await Offload.RunAsync(() => ready.Wait(), ct);",
        "await foreach (var x in BlockingLane.Shared.Enumerate(queue.GetConsumingEnumerable(ct), ct)) { }",
        "var all = queue.GetConsumingEnumerable(ct);");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "lock (_gate) { ready.Wait(); }",
        "Monitor.Enter(_gate); try { ready.Wait(); } finally { Monitor.Exit(_gate); }",
        "_readers.EnterReadLock(); ready.Wait(); _readers.ExitReadLock();",
        "mutex.WaitOne(); ready.Wait(); mutex.ReleaseMutex();",
        "using var own = new Mutex(true, \"a\"); ready.Wait();",
        "[|ready.Wait()|]; Monitor.Pulse(_gate);",
        "Task first = tasks.Take(); await first;",
        "new Thread(async () => { ready.Wait(); await WorkAsync(); }).Start();",
        "await Task.Factory.StartNew(async () => { ready.Wait(); await WorkAsync(); }, TaskCreationOptions.LongRunning);",
        "await Task.Run(async () => { [|ready.Wait()|]; await WorkAsync(); });",
        "WaitHandle known = new ManualResetEvent(false); [|known.WaitOne()|];",
        "WaitHandle unknown = flag ? signal : mutex; unknown.WaitOne();",
        "WaitHandle[] two = [signal, events[0]]; [|WaitHandle.WaitAny(two)|];",
        "_ = flag ? [|queue.Take()|] : 0;",
        "ready?[|.Wait()|];",
        "switch (1) { case 1 when [|signal.WaitOne(5)|]: break; }",
        "await using var stream = Stream.Null; using (ready) { [|ready.Wait()|]; }",
        "foreach (var x in queue.GetConsumingEnumerable(ct).Where(i => i > 1)) { }",
        "foreach (var x in ([|queue.GetConsumingEnumerable(ct)|])) { }",
        "await Task.WhenAll(queue.GetConsumingEnumerable(ct).Select(async x => await WorkAsync()));",
        "dynamic d = ready; d.Wait();",
        "System.Linq.Expressions.Expression<Action> e = () => ready.Wait();",
        "IAsyncResult result = WorkAsync(); [|result.AsyncWaitHandle.WaitOne()|];");

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new BlockingCallAnalyzer(),
        """
        var exit = new ManualResetEventSlim();
        await Task.Yield();
        [|exit.Wait()|];
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public Task A_synchronous_program_is_not_reported() => Verify.ReportsAsync(
        new BlockingCallAnalyzer(), "new ManualResetEventSlim().Wait();", OutputKind.ConsoleApplication);

    [Fact]
    public Task A_partial_class_is_seen_through() => Verify.ReportsAsync(new BlockingCallAnalyzer(), """
        public partial class C<T> { private readonly System.Collections.Concurrent.BlockingCollection<T> _queue = []; }
        public partial class C<T> { public async Task<T> NextAsync() { await Task.Yield(); return [|_queue.Take()|]; } }
        """);

    [Fact]
    public async Task The_message_names_the_call() => Assert.Equal(
        ["'ready.Wait' blocks the thread of an async method; run it with 'Offload.RunAsync'"],
        await Verify.MessagesAsync(new BlockingCallAnalyzer(), Template.Replace("BODY", "ready.Wait(ct);", StringComparison.Ordinal)));

    [Fact]
    public Task The_call_is_awaited_on_a_dedicated_thread() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task<int> RunAsync(AutoResetEvent ready, ManualResetEventSlim? slim, BlockingCollection<int> queue, BlockingCollection<string> names, string path, CancellationToken ct)
            {
                // Wait.
                {|AK0008:ready.WaitOne()|}; // Waited.
                if (!{|AK0008:ready.WaitOne(100)|}) { return 0; }
                var x = {|AK0008:queue.Take(ct)|};
                var length = {|AK0008:names.Take()|}.Length + x;
                var first = {|AK0008:names.Take(CancellationToken.None)|}[0];
                slim?{|AK0008:.Wait(ct)|};
                {|AK0008:File.Copy(
                    path, // From.
                    path + ".bak")|};
                using var source = new CancellationTokenSource();
                {|AK0008:WaitHandle.WaitAny([ready, ct.WaitHandle])|};
                Func<Task> wait = async () => {|AK0008:slim!.Wait(10, source.Token)|};
                await wait();
                return {|AK0008:queue.Take()|} + length;
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task<int> RunAsync(AutoResetEvent ready, ManualResetEventSlim? slim, BlockingCollection<int> queue, BlockingCollection<string> names, string path, CancellationToken ct)
            {
                // Wait.
                await Offload.RunAsync(() => ready.WaitOne()); // Waited.
                if (!await Offload.RunAsync(() => ready.WaitOne(100))) { return 0; }
                var x = await Offload.RunAsync(() => queue.Take(ct), ct);
                var length = (await Offload.RunAsync(() => names.Take())).Length + x;
                var first = (await Offload.RunAsync(() => names.Take(CancellationToken.None)))[0];
                await Offload.RunAsync(() => slim?.Wait(ct), ct);
                await Offload.RunAsync(() => File.Copy(
                    path, // From.
                    path + ".bak"));
                using var source = new CancellationTokenSource();
                await Offload.RunAsync(() => WaitHandle.WaitAny([ready, ct.WaitHandle]));
                Func<Task> wait = async () => await Offload.RunAsync(() => slim!.Wait(10, source.Token), source.Token);
                await wait();
                return await Offload.RunAsync(() => queue.Take()) + length;
            }
        }
        """,
        usings: Usings);

    [Fact]
    public Task A_loop_enumerates_on_a_lane() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(BlockingCollection<int> queue, BlockingCollection<(int, int)> pairs, CancellationToken ct)
            {
                // Every item.
                foreach (var x in {|AK0008:queue.GetConsumingEnumerable(ct)|}) // One by one.
                {
                    if (x == 0) { continue; }
                    await Task.Delay(x, ct);
                }

                foreach (var (a, b) in {|AK0008:pairs.GetConsumingEnumerable()|})
                    await Task.Delay(a + b, ct);
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(BlockingCollection<int> queue, BlockingCollection<(int, int)> pairs, CancellationToken ct)
            {
                // Every item.
                await foreach (var x in BlockingLane.Shared.Enumerate(queue.GetConsumingEnumerable(ct), ct)) // One by one.
                {
                    if (x == 0) { continue; }
                    await Task.Delay(x, ct);
                }

                await foreach (var (a, b) in BlockingLane.Shared.Enumerate(pairs.GetConsumingEnumerable()))
                    await Task.Delay(a + b, ct);
            }
        }
        """,
        usings: Usings);

    [Fact]
    public Task Three_documents_are_fixed_at_once() => Fix.FixesAsync(
        [
            "public sealed class A { public static async Task RunAsync(Barrier b) { {|AK0008:b.SignalAndWait()|}; await Task.Yield(); {|AK0008:b.SignalAndWait()|}; } }",
            "public sealed class B { public static async Task RunAsync(Thread t) => {|AK0008:t.Join()|}; }",
            "namespace Sample; public sealed class D { public static async Task RunAsync(CountdownEvent e) => {|AK0008:e.Wait()|}; /* End. */ }",
        ],
        [
            "using AsyncKit;\n\npublic sealed class A { public static async Task RunAsync(Barrier b) { await Offload.RunAsync(() => b.SignalAndWait()); await Task.Yield(); await Offload.RunAsync(() => b.SignalAndWait()); } }",
            "using AsyncKit;\n\npublic sealed class B { public static async Task RunAsync(Thread t) => await Offload.RunAsync(() => t.Join()); }",
            "using AsyncKit;\n\nnamespace Sample; public sealed class D { public static async Task RunAsync(CountdownEvent e) => await Offload.RunAsync(() => e.Wait()); /* End. */ }",
        ],
        usings: Code.WithoutImport);

    [Fact]
    public Task Calls_that_cannot_move_have_no_fix() => Fix.OffersNothingAsync("""
        using System.Collections.Concurrent;
        public struct S
        {
            private readonly ManualResetEventSlim _ready;
            public async Task RunAsync() { _ready.Wait(); await Task.Yield(); }
        }

        public sealed class C
        {
            private static ref int Next(ref int value) => ref value;
            private static int Parse(string text, out int value) => value = text.Length;

            public async Task RunAsync(AutoResetEvent ready, BlockingCollection<int> queue, int[] numbers, CancellationToken ct)
            {
                ready.WaitOne(await Task.FromResult(1));
                ready.WaitOne(Parse("1", out var parsed));
                ref var number = ref numbers[0];
                ready.WaitOne(number);
                Span<int> span = numbers;
                ready.WaitOne(span[0]);
                try { } catch (FormatException) when (ready.WaitOne(1)) { }
                foreach (var x in queue.GetConsumingEnumerable(ct)) { if (x == 0) { break; } }
                foreach (var x in queue.GetConsumingEnumerable(ct)) { if (x == 0) { return; } }
                foreach (var x in queue.GetConsumingEnumerable(ct)) { if (x == 0) { throw new FormatException(); } }
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new BlockingCallAnalyzer(), Template, bodies);
}
