using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0009TrickyTests() : TrickyTests("AK0009")
{
    [Fact]
    public Task A_comparison_may_be_written_the_other_way() => FixesAsync("""
        public class Sample
        {
            public async Task<T> RunAsync<T>(Task<T> task, TimeSpan limit)
            {
                // Waits.
                if (task != await [|Task.WhenAny(task, Task.Delay(limit))|])
                {
                    throw new TimeoutException();
                }

                return await task; // Done.
            }
        }
        """);

    [Fact]
    public Task A_configured_await_and_a_number_are_a_limit() => FixesAsync(InMethod("""
        var task = Web.SendAsync(uri, ct);
        if (await [|Task.WhenAny(task, Task.Delay(5000))|].ConfigureAwait(false) != task) throw new TimeoutException();
        await task.ConfigureAwait(false);
        """));

    [Fact]
    public Task A_delay_in_a_local_is_a_limit() => ReportsAsync(InMethod("""
        var task = Web.GetAsync(uri, ct);
        var delay = Task.Delay(TimeSpan.FromSeconds(1));
        if (await [|Task.WhenAny(task, delay)|] == delay)
        {
            throw new TimeoutException($"{uri} took too long.");
        }

        var page = await task;
        """));

    [Fact]
    public Task A_winner_in_a_local_is_compared_as_well() => ReportsAsync(InMethod("""
        var task = Web.GetAsync(uri, ct);
        var delay = Task.Delay(1000);
        Task first = await [|Task.WhenAny(task, delay)|];
        if (first == delay) { throw new TimeoutException(); }
        Console.WriteLine(await task);
        """));

    [Fact]
    public Task Top_level_statements_and_local_functions_time_out_as_well() => ReportsAsync("""
        var task = Web.GetAsync(new Uri("http://a/"));
        if (await [|Task.WhenAny(task, Task.Delay(TimeSpan.FromSeconds(3)))|] != task) throw new TimeoutException();
        var page = await task;
        Console.WriteLine(page + await LocalAsync(Web.GetAsync(new Uri("http://b/"))));

        static async Task<int> LocalAsync(Task<string> task)
        {
            if (await [|Task.WhenAny(task, Task.Delay(100))|] != task) { throw new TimeoutException(); }
            return (await task).Length;
        }
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_loop_that_asks_again_loses_nothing() => SilentAsync(InMethod("""
        var task = Web.GetAsync(uri, ct);
        while (await Task.WhenAny(task, Task.Delay(1000, ct)) != task) { Console.WriteLine("still waiting"); }
        for (var i = 0; await Task.WhenAny(task, Task.Delay(1000, ct)) != task; i++) { if (i > 3) { throw new TimeoutException(); } }
        do { Console.WriteLine("waiting"); } while (await Task.WhenAny(task, Task.Delay(1000, ct)) != task);
        """));

    [Fact]
    public Task A_timeout_that_is_no_exception_is_an_answer() => SilentAsync("""
        public class TooSlowException : TimeoutException { }
        public class Sample
        {
            public async Task<string?> RunAsync(Task<string> task, CancellationTokenSource stop)
            {
                if (await Task.WhenAny(task, Task.Delay(100)) != task) { return null; }
                if (await Task.WhenAny(task, Task.Delay(100)) != task) { Console.WriteLine("slow"); }
                if (await Task.WhenAny(task, Task.Delay(100)) != task) { throw new TooSlowException(); }
                if (await Task.WhenAny(task, Task.Delay(100)) != task) { throw new OperationCanceledException(); }
                if (await Task.WhenAny(task, Task.Delay(100)) != task) { stop.Cancel(); throw new TimeoutException(); }
                if (await Task.WhenAny(task, Task.Delay(100)) != task) { _ = task.ContinueWith(t => Console.WriteLine(t.Exception)); throw new TimeoutException(); }
                return await Task.WhenAny(task, Task.Delay(100)) == task ? await task : null;
            }
        }
        """);

    [Fact]
    public Task A_task_that_is_no_delay_is_a_race() => SilentAsync(InMethod("""
        var task = Web.GetAsync(uri, ct);
        var other = Web.GetAsync(uris[0], ct);
        var third = Task.Delay(10, ct);
        if (await Task.WhenAny(task, other) != task) { throw new TimeoutException(); }
        if (await Task.WhenAny(task, other, third) == third) { throw new TimeoutException(); }
        if (await Task.WhenAny([task, Task.Delay(100)]) == other) { throw new TimeoutException(); }
        var maybe = uris.Count > 0 ? Task.Delay(10) : Task.CompletedTask;
        if (await Task.WhenAny(task, maybe) == maybe) { throw new TimeoutException(); }
        """));

    [Fact]
    public Task A_delay_without_an_end_is_a_cancellation() => SilentAsync(InMethod("""
        var task = Web.GetAsync(uri, ct);
        if (await Task.WhenAny(task, Task.Delay(Timeout.Infinite, ct)) != task) { throw new TimeoutException(); }
        if (await Task.WhenAny(task, Task.Delay(-1, ct)) != task) { throw new TimeoutException(); }
        if (await Task.WhenAny(task, Task.Delay(Timeout.InfiniteTimeSpan, ct)) != task) { throw new TimeoutException(); }
        """));

    [Fact]
    public Task Another_type_or_another_comparison_is_not_meant() => SilentAsync("""
        public static class Race { public static Task<Task> WhenAny(Task a, Task b) => Task.WhenAny(a, b); }
        namespace Own { public class TimeoutException : Exception { } }
        public class Sample
        {
            public async Task RunAsync(Task task, Task other)
            {
                if (await Race.WhenAny(task, Task.Delay(10)) != task) { throw new TimeoutException(); }
                if (await Task.WhenAny(task, Task.Delay(10)) != task) { throw new Own.TimeoutException(); }
                if (await Task.WhenAny(task, Task.Delay(10)) != other) { throw new TimeoutException(); }
                if ((await Task.WhenAny(task, Task.Delay(10))).IsFaulted) { throw new TimeoutException(); }
                if (await Task.WhenAny(task, Task.Delay(10)) == task) { throw new TimeoutException(); }
                Func<Exception> late = () => new TimeoutException();
                if (await Task.WhenAny(task, Task.Delay(10)) != task) { throw late(); }
            }
        }
        """);
}
