namespace AsyncKit.Tests;

/// <summary>The fixture finds what it is for, and every test class has it.</summary>
public sealed class NothingLeftBehindTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<Type> TestClasses()
    {
        var data = new TheoryData<Type>();
        foreach (var type in typeof(NothingLeftBehindTests).Assembly.GetTypes().Where(IsTestClass))
        {
            data.Add(type);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(TestClasses))]
    public void Every_test_class_has_it(Type type) =>
        Assert.True(typeof(IClassFixture<NothingLeftBehind>).IsAssignableFrom(type), $"{type.Name} has it not.");

    [Fact]
    public void Finds_an_unobserved_exception()
    {
        Forget();

        Assert.Equal("forgotten", Assert.Single(leaks.TakeUnobserved()).GetBaseException().Message);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget() => _ = Task.FromException(new InvalidOperationException("forgotten"));
    }

    [Fact]
    public void Finds_timers_that_are_still_set()
    {
        var fixture = new NothingLeftBehind();
        var timers = Enumerable.Range(0, 2 * NothingLeftBehind.TimersOfTheHost)
            .Select(_ => new Timer(_ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan)).ToList();

        var found = Record.Exception(() => fixture.CheckWorkersAndTimers(TimeSpan.Zero));
        timers.ForEach(timer => timer.Dispose());
        Assert.Contains("timers are set", found?.Message, StringComparison.Ordinal);

        fixture.Dispose();
    }

#if DEBUG
    [Fact]
    public async Task Finds_a_worker_that_still_lives()
    {
        var gate = new Gate();
        var fixture = new NothingLeftBehind();
        var run = new int[1].FanOutAsync(1, async (_, token) => await gate.PassAsync(token));
        await gate.ArrivedAsync(1);

        var found = Record.Exception(() => fixture.CheckWorkersAndTimers(TimeSpan.Zero));
        Assert.Contains("still live", found?.Message, StringComparison.Ordinal);

        gate.Open();
        await run.OrHangs();
        fixture.Dispose();
    }
#endif

    private static bool IsTestClass(Type type) => !type.IsAbstract && type.GetMethods().Any(method =>
        method.GetCustomAttributes(inherit: true).Any(attribute => attribute is FactAttribute));
}
