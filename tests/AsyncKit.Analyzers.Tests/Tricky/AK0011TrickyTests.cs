using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0011TrickyTests() : TrickyTests("AK0011")
{
    [Fact]
    public Task A_partial_class_uses_its_field_in_every_part() => FixesAsync("""
        public partial class Sample<T>
        {
            private readonly SemaphoreSlim [|_turn|] = new SemaphoreSlim(1, 1); // One at a time.
            public async Task RunAsync(CancellationToken ct)
            {
                // Waits.
                await _turn.WaitAsync(ct).ConfigureAwait(false);
                try
                {
                    await Task.Yield(); // Works.
                }
                finally
                {
                    _turn.Release();
                }
            }
        }
        public partial class Sample<T>
        {
            public async Task<T> OtherAsync(Func<Task<T>> load)
            {
                await this._turn.WaitAsync();
                try { return await load(); } finally { this._turn.Release(); }
            }
        }
        """);

    [Fact]
    public Task A_disposal_goes_with_the_semaphore() => FixesAsync("""
        public sealed class Sample : IDisposable
        {
            SemaphoreSlim [|_turn|] = new(1);
            public void Dispose() => _turn.Dispose();
            public async Task RunAsync()
            {
                await _turn.WaitAsync();
                try { await Task.Yield(); } finally { _turn.Release(); }
            }
        }
        public sealed class Other : IDisposable
        {
            private readonly SemaphoreSlim [|_turn|] = new(initialCount: 1, maxCount: 1);
            public void Dispose() { _turn?.Dispose(); GC.SuppressFinalize(this); }
            public Func<Task> Run() => async () =>
            {
                await _turn.WaitAsync();
                try { await Task.Yield(); } finally { _turn.Release(); }
            };
        }
        """);

    [Fact]
    public Task A_static_field_and_a_nested_class_use_it_as_well() => FixesAsync("""
        public static class Sample
        {
            private static readonly SemaphoreSlim [|s_turn|] = new(1, 1);
            public static async IAsyncEnumerable<int> ReadAsync()
            {
                await s_turn.WaitAsync();
                try { yield return 1; } finally { s_turn.Release(); }
            }
            private sealed class Nested
            {
                public async Task RunAsync(CancellationToken ct)
                {
                    await Sample.s_turn.WaitAsync(ct);
                    try { await Task.Yield(); } finally { Sample.s_turn.Release(); }
                }
            }
        }
        """);

    [Fact]
    public Task A_switch_section_and_an_async_lambda_hold_it_as_well() => FixesAsync("""
        public record Sample(int Kind)
        {
            private readonly SemaphoreSlim [|_turn|] = new(1);
            public async Task<int> RunAsync(CancellationToken ct)
            {
                switch (Kind)
                {
                    case 0:
                        await _turn.WaitAsync(ct);
                        try { return 1; } finally { _turn.Release(); }
                    default:
                        await Task.Run(async () => { await _turn.WaitAsync(ct); try { Console.WriteLine(Kind); } finally { _turn.Release(); } }, ct);
                        return 2;
                }
            }
        }
        """);

    [Fact]
    public Task A_field_that_others_see_is_no_secret() => SilentAsync("""
        public class Sample
        {
            internal readonly SemaphoreSlim A = new(1);
            protected readonly SemaphoreSlim B = new(1, 1);
            private protected readonly SemaphoreSlim C = new(1);
            private SemaphoreSlim D { get; } = new(1);
            public async Task RunAsync()
            {
                await A.WaitAsync(); try { await Task.Yield(); } finally { A.Release(); }
                await B.WaitAsync(); try { await Task.Yield(); } finally { B.Release(); }
                await C.WaitAsync(); try { await Task.Yield(); } finally { C.Release(); }
                await D.WaitAsync(); try { await Task.Yield(); } finally { D.Release(); }
            }
        }
        """);

    [Fact]
    public Task Another_count_is_no_lock() => SilentAsync("""
        public class Sample(int count)
        {
            private readonly SemaphoreSlim _a = new(2), _b = new(0, 1), _c = new(1, 2), _d = new(count);
            private readonly SemaphoreSlim _e = null!;
            public Sample() : this(1) => _e = new(1);
            public async Task RunAsync()
            {
                await _a.WaitAsync(); try { await Task.Yield(); } finally { _a.Release(); }
                await _b.WaitAsync(); try { await Task.Yield(); } finally { _b.Release(); }
                await _c.WaitAsync(); try { await Task.Yield(); } finally { _c.Release(); }
                await _d.WaitAsync(); try { await Task.Yield(); } finally { _d.Release(); }
                await _e.WaitAsync(); try { await Task.Yield(); } finally { _e.Release(); }
            }
        }
        """);

    [Fact]
    public Task Another_use_needs_a_semaphore() => SilentAsync("""
        public class Sample
        {
            private readonly SemaphoreSlim _a = new(1), _b = new(1), _c = new(1), _d = new(1), _e = new(1), _f = new(1), _unused = new(1);
            public bool IsFree => _a.CurrentCount > 0;
            public SemaphoreSlim Shared => _f;
            public async Task RunAsync(CancellationToken ct)
            {
                await _a.WaitAsync(ct); try { await Task.Yield(); } finally { _a.Release(); }
                _b.Wait(ct); try { await Task.Yield(); } finally { _b.Release(); }
                if (await _c.WaitAsync(100, ct)) { try { await Task.Yield(); } finally { _c.Release(); } }
                await _d.WaitAsync(ct); Console.WriteLine("mine"); try { await Task.Yield(); } finally { _d.Release(); }
                await _e.WaitAsync(ct); try { await Task.Yield(); } finally { Console.WriteLine("done"); _e.Release(); }
                await _f.WaitAsync(ct); try { await Task.Yield(); } finally { _f.Release(); }
            }
        }
        """);

    [Fact]
    public Task A_release_elsewhere_is_a_signal() => SilentAsync("""
        public class Sample
        {
            private readonly SemaphoreSlim _a = new(1), _b = new(1), _c = new(1);
            public async Task RunAsync(Action<Action> later)
            {
                await _a.WaitAsync(); try { await Task.Yield(); } catch (IOException) { _a.Release(); throw; }
                await _b.WaitAsync(); try { await Task.Yield(); } finally { later(() => _b.Release()); }
                await _c.WaitAsync(); Console.WriteLine(nameof(_c)); _c.Release();
            }
        }
        """);

    [Fact]
    public Task A_wait_in_the_try_or_under_a_condition_is_another_shape() => SilentAsync("""
        public class Sample
        {
            private readonly SemaphoreSlim _a = new(1), _b = new(1), _c = new(1);
            private SemaphoreSlim _d = new(1);
            public async Task RunAsync(bool flag)
            {
                try { await _a.WaitAsync(CancellationToken.None); } finally { _a.Release(); }
                if (flag) await _b.WaitAsync(); try { await Task.Yield(); } finally { _b.Release(); }
                var wait = _c.WaitAsync(); await wait; try { await Task.Yield(); } finally { _c.Release(); }
                await _d.WaitAsync(); try { await Task.Yield(); } finally { _d.Release(); }
                _d = new(2);
            }
        }
        """);

    [Fact]
    public Task A_release_of_another_object_is_not_the_own_one() => SilentAsync("""
        public class Sample
        {
            private readonly SemaphoreSlim _turn = new(1);
            public async Task RunAsync(Sample other)
            {
                await _turn.WaitAsync();
                try { await Task.Yield(); } finally { other._turn.Release(); }
            }
        }
        """);
}
