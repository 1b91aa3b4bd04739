using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0010TrickyTests() : TrickyTests("AK0010")
{
    [Fact]
    public Task A_loop_that_its_filter_bounds_is_a_retry() => FixesAsync("""
        public class Sample<T>(Func<CancellationToken, Task<T>> load)
        {
            public async Task<T> RunAsync(CancellationToken ct)
            {
                // Tries it.
                [|for|] (var attempt = 1; ; attempt++)
                {
                    try
                    {
                        return await load(ct);
                    }
                    catch (HttpRequestException) when (attempt < 5)
                    {
                        await Task.Delay(1000, ct); // A second.
                    }
                }
            }
        }
        """);

    [Fact]
    public Task A_filter_with_an_exception_and_a_configured_delay_is_one_too() => ReportsAsync(InMethod("""
        [|for|] (var i = 0; ; i++)
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (IOException e) when (e.InnerException is not null && i < 3) { await Task.Delay(TimeSpan.FromSeconds(1), ct).ConfigureAwait(false); }
        }
        """));

    [Fact]
    public Task A_loop_that_its_condition_bounds_is_a_retry() => ReportsAsync(InMethod("""
        [|for|] (int i = 0; i < 3; i++)
        {
            try
            {
                await Web.SendAsync(uri, ct);
                break;
            }
            catch (HttpRequestException e)
            {
                if (i == 2) { throw; }
                Console.WriteLine(e.Message);
                await Task.Delay(1000 * i, ct);
            }
        }
        """));

    [Fact]
    public Task A_while_with_a_counter_in_its_filter_is_a_retry() => ReportsAsync(InMethod("""
        var attempts = 0;
        [|while|] (true)
        {
            try { await Web.SendAsync(uri, ct); return; }
            catch (Exception) when (++attempts < 3) { await Task.Delay(100 << attempts, ct); }
        }
        """));

    [Fact]
    public Task A_lambda_and_a_second_catch_are_a_retry_as_well() => ReportsAsync(InMethod("""
        Func<Task<string>> load = async () =>
        {
            [|for|] (var i = 0; ; i++)
            {
                try { return await Web.GetAsync(uri, ct); }
                catch (OperationCanceledException) when (ct.IsCancellationRequested) { throw; }
                catch (HttpRequestException) when (i < 4) { await Task.Delay(100, ct); }
            }
        };
        Console.WriteLine(await load());
        """));

    [Fact]
    public Task A_service_continues_after_a_success() => SilentAsync(InMethod("""
        while (!ct.IsCancellationRequested)
        {
            try { await Web.SendAsync(uri, ct); }
            catch (HttpRequestException) { await Task.Delay(1000, ct); }
        }

        for (var i = 0; i < 100; i++)
        {
            try { await Web.SendAsync(uri, ct); }
            catch (HttpRequestException) { await Task.Delay(1000, ct); }
        }
        """));

    [Fact]
    public Task A_loop_without_a_bound_waits_for_a_service() => SilentAsync(InMethod("""
        while (true)
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) { await Task.Delay(1000, ct); }
        }

        for (; ; )
        {
            try { await Web.SendAsync(uri, ct); return; }
            catch (HttpRequestException e) when (e.StatusCode is null) { await Task.Delay(1000, ct); }
        }
        """));

    [Fact]
    public Task A_poll_asks_until_the_answer_is_right() => SilentAsync(InMethod("""
        for (var i = 0; i < 10; i++)
        {
            if (await Web.CountAsync(uri, ct) > 0) { break; }
            await Task.Delay(100, ct);
        }

        for (var i = 0; i < 10; i++)
        {
            try { if (await Web.CountAsync(uri, ct) > 0) { return; } }
            catch (HttpRequestException) { await Task.Delay(100, ct); }
        }
        """));

    [Fact]
    public Task Another_item_in_every_round_is_no_retry() => SilentAsync(InMethod("""
        foreach (var u in uris)
        {
            try { await Web.SendAsync(u, ct); return; }
            catch (HttpRequestException) { await Task.Delay(100, ct); }
        }

        for (var i = 0; i < uris.Count; i++)
        {
            try { await Web.SendAsync(uris[i], ct); return; }
            catch (HttpRequestException) { await Task.Delay(100, ct); }
        }
        """));

    [Fact]
    public Task A_catch_that_leaves_or_does_not_wait_is_no_retry() => SilentAsync(InMethod("""
        for (var i = 0; i < 3; i++)
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) { await Task.Delay(100, ct); return; }
        }

        for (var i = 0; i < 3; i++)
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) { await Task.Delay(100, ct); break; }
        }

        for (var i = 0; i < 3; i++)
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) { Console.WriteLine(i); }
        }

        for (var i = 0; i < 3; i++)
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) { _ = Task.Delay(100, ct); }
        }
        """));

    [Fact]
    public Task Other_statements_in_the_loop_are_more_than_a_retry() => SilentAsync(InMethod("""
        for (var i = 0; i < 3; i++)
        {
            Console.WriteLine("attempt " + i);
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) { await Task.Delay(100, ct); }
        }

        for (var i = 0; i < 3; i++)
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) { Func<Task> later = async () => await Task.Delay(100, ct); Console.WriteLine(later); }
        }

        var n = 0;
        do
        {
            try { await Web.SendAsync(uri, ct); break; }
            catch (HttpRequestException) when (n < 3) { await Task.Delay(100, ct); }
        }
        while (n++ < 3);
        """));
}
