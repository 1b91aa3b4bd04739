namespace AsyncKit.Tests;

/// <summary>The fixture finds each kind of leak, and every test class uses it.</summary>
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
    public void Every_test_class_uses_the_fixture(Type type) =>
        Assert.True(typeof(IClassFixture<NothingLeftBehind>).IsAssignableFrom(type), $"{type.Name} does not use the fixture.");

    [Fact]
    public void Finds_an_unobserved_exception()
    {
        Forget();

        Assert.Equal("forgotten", Assert.Single(leaks.TakeUnobserved()).GetBaseException().Message);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget() => _ = Task.FromException(new InvalidOperationException("forgotten"));
    }

    [Fact]
    public void Finds_active_timers()
    {
        var fixture = new NothingLeftBehind();
        var timers = Enumerable.Range(0, 2 * NothingLeftBehind.TimersOfTheHost)
            .Select(_ => new Timer(_ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan)).ToList();

        var found = Record.Exception(() => fixture.CheckWorkersAndTimers(TimeSpan.Zero));
        timers.ForEach(timer => timer.Dispose());
        Assert.Contains("timers are active", found?.Message, StringComparison.Ordinal);

        fixture.Dispose();
    }

#if DEBUG
    [Fact]
    public async Task Finds_a_running_worker()
    {
        var gate = new TestGate();
        var fixture = new NothingLeftBehind();
        var run = new int[1].FanOutAsync(1, async (_, token) => await gate.PassAsync(token));
        await gate.ArrivedAsync(1);

        var found = Record.Exception(() => fixture.CheckWorkersAndTimers(TimeSpan.Zero));
        Assert.Contains("still run", found?.Message, StringComparison.Ordinal);

        gate.Open();
        await run.OrHangs();
        fixture.Dispose();
    }
#endif

    private static bool IsTestClass(Type type) => !type.IsAbstract && type.GetMethods().Any(method =>
        method.GetCustomAttributes(inherit: true).Any(attribute => attribute is FactAttribute));
}
