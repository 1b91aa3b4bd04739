namespace AsyncKit.Tests;

/// <summary>The guarantees about several exceptions, which only a task can report.</summary>
public abstract class FanOutTaskContract(SourceKind kind, World world, NothingLeftBehind leaks)
    : FanOutTests(new FanOutSubjects.Async(kind), world, leaks)
{
    [Fact]
    public Task Later_failures_are_in_the_exception_of_the_task_after_the_first() => RunAsync(async () =>
    {
        var gate = new TestGate();

        var run = FanOutAsync(Enumerable.Range(0, 3), StopAtFirst(3), async ValueTask<int> (item, token) =>
        {
            if (item == 1)
            {
                await gate.ArrivedAsync(2);
                throw new InvalidOperationException("first");
            }

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.PassAsync(token));
            throw new TimeoutException("second and third");
        });
        await FailureOfAsync(run);

        Assert.Collection(
            run.Exception!.InnerExceptions,
            exception => Assert.Equal("first", exception.Message),
            exception => Assert.IsType<TimeoutException>(exception),
            exception => Assert.IsType<TimeoutException>(exception));
    });

    [Fact]
    public Task An_exception_from_a_cancellation_callback_is_in_the_exception_of_the_task() => RunAsync(async () =>
    {
        var gate = new TestGate();
        var run = FanOutAsync(Enumerable.Range(0, 3), StopAtFirst(3), async (item, token) =>
        {
            if (item == 0)
            {
                await gate.ArrivedAsync(2);
                throw new InvalidOperationException("first");
            }

            token.Register(() => throw new NotSupportedException("callback"));
            await gate.PassAsync(token);
            return item;
        });
        await FailureOfAsync(run);

        Assert.Equal("first", run.Exception!.InnerExceptions[0].Message);
        Assert.All(run.Exception.InnerExceptions.Skip(1), one => Assert.IsType<NotSupportedException>(one));
        Assert.NotEmpty(run.Exception.InnerExceptions.Skip(1));
    });
}
