using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.SemaphoreLockAnalyzer, AsyncKit.Analyzers.SemaphoreLockFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class SemaphoreLockTests
{
    /// <summary>BODY is a member of a class with a use of _s as a lock.</summary>
    private const string Template = """
        public class C(int number)
        {
            private int _count = number;
            private static Task WorkAsync() => Task.CompletedTask;
            BODY
        }
        """;

    private const string Use = " public async Task UseAsync(CancellationToken ct) { await _s.WaitAsync(ct); try { await WorkAsync(); _count++; } finally { _s.Release(); } }";

    [Fact]
    public Task A_private_semaphore_that_is_only_a_lock_is_reported() => EachAsync(
        "private readonly SemaphoreSlim [|_s|] = new(1, 1);" + Use,
        "SemaphoreSlim [|_s|] = new SemaphoreSlim(1);" + Use,
        "private static readonly SemaphoreSlim [|_s|] = new(initialCount: 1, maxCount: 1);" + Use,
        "private readonly SemaphoreSlim [|_s|] = new(1);" + Use + " public void Dispose() => _s.Dispose();",
        "private readonly SemaphoreSlim? [|_s|] = new(1);" + Use.Replace("_s.", "_s!.", StringComparison.Ordinal) + " public void Dispose() { _s?.Dispose(); }",
        "private readonly SemaphoreSlim [|_s|] = new(1);" + Use + " public async Task OtherAsync() { await this._s.WaitAsync().ConfigureAwait(false); try { } finally { this._s.Release(); } }",
        "private readonly SemaphoreSlim [|_s|] = new(1), [|_t|] = new(1);" + Use + Use.Replace("_s", "_t", StringComparison.Ordinal).Replace("UseAsync", "SecondAsync", StringComparison.Ordinal));

    [Fact]
    public Task Another_semaphore_is_not_reported() => EachAsync(
        "private readonly SemaphoreSlim _s = new(2, 2);" + Use,
        "private readonly SemaphoreSlim _s = new(0, 1);" + Use,
        "private readonly SemaphoreSlim _s = new(1, 2);" + Use,
        "protected readonly SemaphoreSlim _s = new(1, 1);" + Use,
        "internal readonly SemaphoreSlim _s = new(1, 1);" + Use,
        "private readonly SemaphoreSlim _s; public C() : this(1) { _s = new(1, 1); }" + Use,
        "private readonly SemaphoreSlim _s = new(1, 1);",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public int Free => _s.CurrentCount;",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public void Enter() { _s.Wait(); try { } finally { _s.Release(); } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync() { await _s.WaitAsync(); _s.Release(); }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync() { if (await _s.WaitAsync(5)) { try { } finally { _s.Release(); } } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync() { await _s.WaitAsync(); await WorkAsync(); try { } finally { _s.Release(); } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync() { await _s.WaitAsync(); try { } finally { _count = 0; _s.Release(); } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync() { await _s.WaitAsync(); try { } catch (IOException) { } finally { _s.Release(); } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public SemaphoreSlim Shared => _s;",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public void Leave() => _s.Release();",
        "private readonly AsyncLock _s = new(); public async Task UseAsync() { using (await _s.AcquireAsync()) { } }");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public string Name => nameof(_s);",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync(C other) { await other._s.WaitAsync(); try { } finally { _s.Release(); } }",
        "private readonly SemaphoreSlim [|_s|] = new(1, 1);" + Use + " public async Task EnterAsync(C other) { await other._s.WaitAsync(); try { } finally { other._s.Release(); } }",
        "private readonly SemaphoreSlim _s = new(1, 1); private readonly SemaphoreSlim [|_t|] = new(1, 1); public async Task UseAsync() { await _t.WaitAsync(); try { await _s.WaitAsync(); } finally { _t.Release(); } }",
        "private readonly SemaphoreSlim [|_s|] = new(1, 1);" + Use + " private sealed class Inner(C owner) { public async Task UseAsync() { await owner._s.WaitAsync(); try { } finally { owner._s.Release(); } } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " private sealed class Inner(C owner) { public void Leave() => owner._s.Release(); }",
        "private readonly SemaphoreSlim [|_s|] = new(1, 1);" + Use + " private sealed class Inner { private int _count; private readonly SemaphoreSlim [|_s|] = new(1);" + Use + " }",
        "private readonly SemaphoreSlim [|_s|] = new(1, 1); public Func<Task> Make() => async () => { await _s.WaitAsync(); try { } finally { _s.Release(); } };",
        "private readonly SemaphoreSlim [|_s|] = new(1, 1); public async IAsyncEnumerable<int> StreamAsync() { await _s.WaitAsync(); try { yield return 1; } finally { _s.Release(); } }",
        "private readonly SemaphoreSlim [|_s|] = new(1, 1); public async Task UseAsync(int x) { switch (x) { case 1: await _s.WaitAsync(); try { } finally { _s.Release(); } break; } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync() { Task wait = _s.WaitAsync(); await wait; try { } finally { _s.Release(); } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public async Task EnterAsync() { await Task.WhenAll(_s.WaitAsync()); try { } finally { _s.Release(); } }",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public void Pass() => Console.WriteLine(_s);",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public void Set(SemaphoreSlim _s) => _s.Release();",
        "private SemaphoreSlim _s = new(1, 1);" + Use + " public void Reset() => _s = new(1, 1);",
        "private readonly SemaphoreSlim _s = new(1, 1);" + Use + " public dynamic Late() { dynamic d = _s; return d; }");

    [Fact]
    public async Task Uses_in_the_other_parts_of_a_type_count()
    {
        const string First = "public partial class C { private readonly SemaphoreSlim _s = new(1, 1); }";
        const string Lock = "public partial class C { public async Task UseAsync() { await _s.WaitAsync(); try { } finally { _s.Release(); } } }";
        const string Signal = "public partial class C { public void Leave() => _s.Release(); }";

        Assert.Single(await FindAsync(First, Lock));
        Assert.Empty(await FindAsync(First, Lock, Signal));
        Assert.Empty(await FindAsync(First, Lock, "// <auto-generated/>\n" + Signal));
        Assert.Empty(await FindAsync(First, Lock.Replace("partial class C", "partial class D", StringComparison.Ordinal)
            .Replace("_s", "new C().Shared", StringComparison.Ordinal), "public partial class C { public SemaphoreSlim Shared => _s; }"));
    }

    [Fact]
    public async Task The_message_names_the_field() => Assert.Equal(
        ["'_s' is a lock; 'AsyncLock' releases exactly once and allocates nothing while waiting"],
        await Verify.MessagesAsync(new SemaphoreLockAnalyzer(), Template.Replace(
            "BODY", "private readonly SemaphoreSlim _s = new(1, 1);" + Use, StringComparison.Ordinal)));

    [Fact]
    public Task The_field_and_all_of_its_uses_are_rewritten() => Fix.FixesAsync(
        """
        public sealed class C : IDisposable
        {
            // One at a time.
            private readonly SemaphoreSlim {|AK0011:_s|} = new(1, 1); // A lock.
            private static readonly SemaphoreSlim {|AK0011:Shared|} = new SemaphoreSlim(1);
            private int _count;

            public async Task<int> OneAsync(CancellationToken ct)
            {
                // Enter.
                await _s.WaitAsync(ct).ConfigureAwait(false); // Entered.
                // Work.
                try
                {
                    _count++;
                    return _count; // Counted.
                }
                finally
                {
                    // Leave.
                    _s.Release(); // Left.
                } // End.
            }

            public async Task TwoAsync() {
                await Shared.WaitAsync();
                try {
                    await Task.Yield();
                } finally {
                    Shared.Release();
                }
            }

            public async Task ThreeAsync()
            {
                await this._s.WaitAsync(); try { await Task.Yield(); } finally { this._s.Release(); }
                Func<Task> later = async () =>
                {
                    await C.Shared.WaitAsync();

                    try
                    {
                        await Task.Yield();
                    }
                    finally
                    {
                        C.Shared.Release();
                    }
                };
                await later();
            }

            public void Dispose()
            {
                // The lock.
                _s.Dispose(); // Disposed.
            }

            public static void Close() => Shared.Dispose(); // Closed.
        }
        """,
        """
        public sealed class C : IDisposable
        {
            // One at a time.
            private readonly AsyncLock _s = new(); // A lock.
            private static readonly AsyncLock Shared = new AsyncLock();
            private int _count;

            public async Task<int> OneAsync(CancellationToken ct)
            {
                // Enter.
                // Work.
                using (await _s.AcquireAsync(ct).ConfigureAwait(false)) // Entered.
                {
                    _count++;
                    return _count; // Counted.
                    // Leave.
                    // Left.
                } // End.
            }

            public async Task TwoAsync() {
                using (await Shared.AcquireAsync()) {
                    await Task.Yield();
                }
            }

            public async Task ThreeAsync()
            {
                using (await this._s.AcquireAsync()) { await Task.Yield(); }
                Func<Task> later = async () =>
                {
                    using (await C.Shared.AcquireAsync())
                    {
                        await Task.Yield();
                    }
                };
                await later();
            }

            public void Dispose()
            {
                // The lock.
                // Disposed.
            }

            public static void Close() { } // Closed.
        }
        """);

    [Fact]
    public Task Every_part_of_a_type_is_rewritten() => Fix.FixesAsync(
        [
            """
            using System.Text;

            public sealed partial class C<T>
            {
                private readonly SemaphoreSlim? {|AK0011:_s|} = new(1, 1);
            }
            """,
            """
            public sealed partial class C<T>
            {
                public async Task UseAsync(C<T> other)
                {
                    await other._s!.WaitAsync();
                    try
                    {
                        await Task.Yield();
                    }
                    finally
                    {
                        other._s.Release();
                    }
                }
            }
            """,
            """
            namespace Other { public sealed class E { private readonly SemaphoreSlim {|AK0011:_s|} = new(1); public async Task UseAsync() { await _s.WaitAsync(); try { } finally { _s.Release(); } } } }

            public sealed partial class C<T>
            {
                public void Close(bool flag)
                {
                    if (flag) _s?.Dispose();
                    Console.WriteLine();
                }

                private sealed class Inner(C<T> owner)
                {
                    public async Task UseAsync(int x)
                    {
                        switch (x)
                        {
                            case 1:
                                await owner._s.WaitAsync();
                                try
                                {
                                    await Task.Yield();
                                }
                                finally
                                {
                                    owner._s.Release();
                                }

                                break;
                        }
                    }
                }
            }
            """,
        ],
        [
            """
            using System.Text;
            using AsyncKit;

            public sealed partial class C<T>
            {
                private readonly AsyncLock? _s = new();
            }
            """,
            """
            public sealed partial class C<T>
            {
                public async Task UseAsync(C<T> other)
                {
                    using (await other._s!.AcquireAsync())
                    {
                        await Task.Yield();
                    }
                }
            }
            """,
            """
            using AsyncKit;

            namespace Other { public sealed class E { private readonly AsyncLock _s = new(); public async Task UseAsync() { using (await _s.AcquireAsync()) { } } } }

            public sealed partial class C<T>
            {
                public void Close(bool flag)
                {
                    if (flag) { }
                    Console.WriteLine();
                }

                private sealed class Inner(C<T> owner)
                {
                    public async Task UseAsync(int x)
                    {
                        switch (x)
                        {
                            case 1:
                                using (await owner._s.AcquireAsync())
                                {
                                    await Task.Yield();
                                }

                                break;
                        }
                    }
                }
            }
            """,
        ],
        usings: Code.WithoutImport);

    [Fact]
    public Task Nested_locks_are_all_rewritten_at_once() => Fix.FixesAsync(
        [
            """
            public sealed partial class C
            {
                private readonly SemaphoreSlim {|AK0011:_outer|} = new(1, 1);
                private readonly SemaphoreSlim {|AK0011:_inner|} = new(1, 1);
                private readonly SemaphoreSlim {|AK0011:_third|} = new(1, 1);
                private readonly SemaphoreSlim {|AK0011:_fourth|} = new(1, 1);

                public void Dispose()
                {
                    _outer.Dispose();
                    _inner.Dispose();
                    _third.Dispose();
                }
            }
            """,
            """
            public sealed partial class C
            {
                public async Task UseAsync()
                {
                    await _outer.WaitAsync();
                    try
                    {
                        await _inner.WaitAsync();
                        try
                        {
                            await _third.WaitAsync(); try { await _fourth.WaitAsync(); try { await Task.Yield(); } finally { _fourth.Release(); } } finally { _third.Release(); }
                        }
                        finally
                        {
                            _inner.Release();
                        }
                    }
                    finally
                    {
                        _outer.Release();
                    }
                }
            }
            """,
        ],
        [
            """
            using AsyncKit;

            public sealed partial class C
            {
                private readonly AsyncLock _outer = new();
                private readonly AsyncLock _inner = new();
                private readonly AsyncLock _third = new();
                private readonly AsyncLock _fourth = new();

                public void Dispose()
                {
                }
            }
            """,
            """
            public sealed partial class C
            {
                public async Task UseAsync()
                {
                    using (await _outer.AcquireAsync())
                    {
                        using (await _inner.AcquireAsync())
                        {
                            using (await _third.AcquireAsync()) { using (await _fourth.AcquireAsync()) { await Task.Yield(); } }
                        }
                    }
                }
            }
            """,
        ],
        usings: Code.WithoutImport);

    [Fact]
    public Task Fields_that_cannot_change_have_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C
        {
            private readonly SemaphoreSlim _s = new(1), _t = new(1);
            public async Task OneAsync() { await _s.WaitAsync(); try { } finally { _s.Release(); } }
            public async Task TwoAsync() { await _t.WaitAsync(); try { } finally { _t.Release(); } }
        }

        public sealed class D
        {
            private readonly SemaphoreSlim _s = new(1);
            public async Task OneAsync() { await _s.WaitAsync(); try { } finally { _s.Release(); } }
            public Action Close() => () => _s.Dispose();
        }
        """);

    private static Task EachAsync(params string[] members) => Verify.EachAsync(new SemaphoreLockAnalyzer(), Template, members);

    private static async Task<IReadOnlyList<Diagnostic>> FindAsync(params string[] sources) =>
        await Verify.FindAsync(new SemaphoreLockAnalyzer(), Verify.Compile("", Code.References, OutputKind.DynamicallyLinkedLibrary)
            .AddSyntaxTrees(sources.Select((source, index) => CSharpSyntaxTree.ParseText(source, Code.Parsing, $"Part{index}.cs"))));
}
