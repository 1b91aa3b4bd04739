using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0008TrickyTests() : TrickyTests("AK0008")
{
    [Fact]
    public Task A_wait_in_an_expression_waits_as_well() => FixesAsync("""
        public class Sample
        {
            public async Task<bool> RunAsync(AutoResetEvent ready, ManualResetEventSlim slim, CancellationToken ct)
            {
                if (![|ready.WaitOne(1000)|] || [|slim.Wait(100, ct)|])
                {
                    return await Task.FromResult([|WaitHandle.WaitAll([ready])|]);
                }

                return [|ready.WaitOne()|];
            }
        }
        """);

    [Fact]
    public Task A_collection_is_taken_from_in_every_form() => FixesAsync("""
        using System.Collections.Concurrent;
        public class Sample<T>(BlockingCollection<T> queue)
        {
            public async Task RunAsync(Func<T, Task> work, CancellationToken ct)
            {
                // First.
                await work([|queue.Take(ct)|]); // Taken.
                T second = [|queue.Take()|];
                await work(second);
                foreach (var item in [|queue.GetConsumingEnumerable(ct)|])
                {
                    await work(item);
                }
            }
        }
        """);

    [Fact]
    public Task A_lambda_a_local_function_and_an_iterator_are_async_as_well() => FixesAsync("""
        public class Sample
        {
            public Func<Task> Run(Barrier barrier) => async () => [|barrier.SignalAndWait()|];
            public async Task CopyAsync(string a, string b)
            {
                await LocalAsync();
                async Task LocalAsync() { [|File.Copy(a, b, true)|]; await Task.Yield(); }
            }
            public async IAsyncEnumerable<int> ReadAsync(CountdownEvent countdown, Thread thread)
            {
                [|countdown.Wait()|];
                yield return 1;
                [|thread.Join()|];
                await Task.Yield();
            }
        }
        """);

    [Fact]
    public Task Top_level_statements_with_an_await_are_async_as_well() => FixesAsync("""
        var done = false;
        using var ready = new ManualResetEvent(false);
        [|SpinWait.SpinUntil(() => done)|];
        [|ready.WaitOne(TimeSpan.FromSeconds(1))|];
        await Task.Yield();
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_synchronous_function_may_block() => SilentAsync(InMethod("""
        using var ready = new ManualResetEvent(false);
        Action wait = () => ready.WaitOne();
        wait();
        Local();
        void Local() => ready.WaitOne();
        await Offload.RunAsync(() => ready.WaitOne(), ct);
        await Task.Run(() => ready.WaitOne(1000), ct);
        var all = uris.Where(u => ready.WaitOne(10)).ToList();
        var query = from u in uris where ready.WaitOne(10) select u;
        """));

    [Fact]
    public Task A_wait_without_a_duration_does_not_block() => SilentAsync("""
        public class Sample
        {
            private const int Now = 0;
            public async Task RunAsync(ManualResetEvent ready, ManualResetEventSlim slim, CountdownEvent countdown, Thread thread, CancellationToken ct)
            {
                await Task.Yield();
                _ = ready.WaitOne(0) && ready.WaitOne(Now) && ready.WaitOne(TimeSpan.Zero) && ready.WaitOne(0, true);
                _ = slim.Wait(0) || slim.Wait(TimeSpan.Zero, ct) || countdown.Wait(millisecondsTimeout: 0) || thread.Join(TimeSpan.Zero);
                _ = WaitHandle.WaitAny([ready], 0) + WaitHandle.WaitAny([ready], TimeSpan.Zero);
            }
        }
        """);

    [Fact]
    public Task A_mutex_belongs_to_its_thread() => SilentAsync("""
        public class Sample
        {
            public async Task RunAsync(Mutex mutex, object gate, ManualResetEvent ready)
            {
                mutex.WaitOne();
                try { Console.WriteLine("mine"); } finally { mutex.ReleaseMutex(); }
                lock (gate) { ready.WaitOne(); }
                await Task.Yield();
            }
        }
        """);

    [Fact]
    public Task An_enumerable_that_is_passed_on_blocks_elsewhere() => SilentAsync("""
        using System.Collections.Concurrent;
        public class Sample
        {
            public async Task RunAsync(BlockingCollection<Uri> queue, CancellationToken ct)
            {
                await foreach (var u in BlockingLane.Shared.Enumerate(queue.GetConsumingEnumerable(ct), ct)) { await Web.SendAsync(u, ct); }
                var taken = queue.TryTake(out var first);
                var items = queue.GetConsumingEnumerable(ct);
                await foreach (var u in BlockingLane.Shared.Enumerate(items, ct)) { await Web.SendAsync(u, ct); }
                foreach (var u in queue) { await Web.SendAsync(u, ct); }
            }
        }
        """);

    [Fact]
    public Task Calls_with_an_async_twin_belong_to_other_rules() => SilentAsync(InMethod("""
        var task = Web.SendAsync(uri, ct);
        task.Wait(ct);
        Thread.Sleep(10);
        using var s = new SemaphoreSlim(1);
        s.Wait(ct);
        Task.WaitAll([task], ct);
        var text = File.ReadAllText("a");
        File.Move("a", "b");
        """));

    [Fact]
    public Task Another_type_of_that_name_is_not_meant() => SilentAsync("""
        public class WaitHandle { public bool WaitOne() => true; public static void WaitAll() { } }
        public class Thread { public void Join() { } }
        public static class File { public static void Copy(string a, string b) { } }
        public class Sample
        {
            public async Task RunAsync(WaitHandle handle, Thread thread, dynamic any)
            {
                handle.WaitOne();
                WaitHandle.WaitAll();
                thread.Join();
                File.Copy("a", string.Join(",", ["b"]));
                any.WaitOne();
                Console.WriteLine(nameof(System.Threading.WaitHandle.WaitAll));
                await Task.Yield();
            }
        }
        """);

    [Fact]
    public Task A_test_may_align_threads() => SilentInTestsAsync("""
        public class Sample
        {
            public async Task RunAsync(Barrier start)
            {
                var other = new Thread(() => start.SignalAndWait());
                other.Start();
                start.SignalAndWait();
                other.Join();
                await Task.Yield();
            }
        }
        """);

    [Fact]
    public Task An_expression_tree_is_data() => SilentAsync("""
        using System.Linq.Expressions;
        public class Sample
        {
            public async Task RunAsync(ManualResetEvent ready)
            {
                Expression<Func<bool>> wait = () => ready.WaitOne();
                Console.WriteLine(wait);
                await Task.Yield();
            }
        }
        """);
}
