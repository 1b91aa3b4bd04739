namespace AsyncKit.Testing.Tests;

internal static class Found
{
    /// <summary>Returns the failure of the first failing schedule, after replaying it that many times from its
    /// seed.</summary>
    public static AsyncTestException By(Func<AsyncTestContext, Task> test, int replays)
    {
        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(test));
        for (var i = 0; i < replays; i++)
        {
            var again = Replayed(test, failure.Seed);
            Assert.Equal(failure.Seed, again.Seed);
            Assert.Equal(Reason(failure), Reason(again));
            Assert.Equal(failure.InnerException?.GetType(), again.InnerException?.GetType());
        }

        return failure;
    }

    public static AsyncTestException Replayed(Func<AsyncTestContext, Task> test, int seed) =>
        Assert.Throws<AsyncTestException>(() => AsyncTest.Run(test, new() { Seed = seed }));

    private static string Reason(AsyncTestException failure) =>
        failure.Message[failure.Message.IndexOf("Seed", Ordinal)..];
}
