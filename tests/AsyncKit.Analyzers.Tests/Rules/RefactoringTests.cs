namespace AsyncKit.Analyzers.Tests;

public sealed class RefactoringTests
{
    private const string Position = "$$";

    [Fact]
    public Task Work_that_only_its_author_knows_to_block_moves_to_a_lane() => VerifyRefactoring.ChangesAsync(
        new OffloadRefactoring(),
        """
        public sealed class C { public static Task RunAsync(Uri uri) => Task.$$Run(() => Web.Read(uri) /* Legacy. */); }
        """,
        """
        using AsyncKit;

        public sealed class C { public static Task RunAsync(Uri uri) => Offload.RunAsync(() => Web.Read(uri) /* Legacy. */); }
        """,
        Code.WithoutImport);

    [Theory]
    [InlineData("Task.$$Run(() => File.Delete(\"a\"))")]
    [InlineData("Task.$$Run(async () => await Task.Yield())")]
    [InlineData("Task.$$Run(() => Web.GetAsync(uri))")]
    [InlineData("Task.Run(() => Web.$$Read(uri))")]
    [InlineData("Task.$$Delay(1)")]
    public Task Reported_and_asynchronous_work_is_not_offered(string expression) => VerifyRefactoring.OffersNothingAsync(
        new OffloadRefactoring(), "public sealed class C { public static Task RunAsync(Uri uri) => " + expression + "; }");

    [Fact]
    public Task A_timeout_with_a_message_gets_that_of_AsyncKit() => VerifyRefactoring.ChangesAsync(
        new TimeoutRefactoring(),
        """
        using AsyncKit;
        public sealed class C
        {
            public static async Task<int> RunAsync(Task<int> task, List<Task> all)
            {
                all.Add(task);
                if (await Task.$$WhenAny(task, Task.Delay(5)) != task) throw new TimeoutException("late"); // Late.
                return await task;
            }
        }
        """,
        """
        using AsyncKit;
        public sealed class C
        {
            public static async Task<int> RunAsync(Task<int> task, List<Task> all)
            {
                all.Add(task);
                // Late.
                return await task.WithTimeoutAsync(TimeSpan.FromMilliseconds(5));
            }
        }
        """);

    [Theory]
    [InlineData("if (await Task.$$WhenAny(task, Task.Delay(5)) != task) throw new TimeoutException(); return await task;")]
    [InlineData("if (await Task.$$WhenAny(task, Task.Delay(5)) != task) return 0; return await task;")]
    public Task A_timeout_that_a_fix_or_nothing_can_rewrite_is_not_offered(string body) => VerifyRefactoring.OffersNothingAsync(
        new TimeoutRefactoring(), "public sealed class C { public static async Task<int> RunAsync(Task<int> task) { " + body + " } }");

    [Theory]
    [InlineData("catch (Exception)", "_ => true")]
    [InlineData("catch", "_ => true")]
    [InlineData("catch (SystemException e)", "exception => exception is SystemException")]
    public Task A_retry_that_includes_cancellations_excludes_them(string handler, string filter) => VerifyRefactoring.ChangesAsync(
        new RetryRefactoring(),
        $$"""
        using AsyncKit;
        public sealed class C
        {
            public static async Task<int> RunAsync(Uri uri, CancellationToken ct)
            {
                {{Position}}for (var i = 1; ; i++) { try { return await Web.CountAsync(uri, ct); } {{handler}} when (i < 3) { await Task.Delay(5, ct); } }
            }
        }
        """,
        $$"""
        using AsyncKit;
        public sealed class C
        {
            public static async Task<int> RunAsync(Uri uri, CancellationToken ct)
            {
                return await Retry.RunAsync(async ct => await Web.CountAsync(uri, ct), new RetryOptions { MaxAttempts = 3, ShouldRetry = {{filter}}, Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(5)) }, ct);
            }
        }
        """);

    [Theory]
    [InlineData("catch (IOException) when (i < 3)")]
    [InlineData("catch (OperationCanceledException) when (i < 3)")]
    [InlineData("catch (Exception)")]
    public Task Another_retry_is_not_offered(string handler) => VerifyRefactoring.OffersNothingAsync(
        new RetryRefactoring(),
        "public sealed class C { public static async Task RunAsync(Uri uri) { $$for (var i = 1; ; i++) { try { await Web.GetAsync(uri); break; } "
            + handler + " { await Task.Delay(5); } } } }");
}
