namespace AsyncKit.Tests;

public sealed class FanOutExceptionTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task The_message_counts_the_failures_and_quotes_the_first()
    {
        var options = new FanOutOptions { MaxConcurrency = 2, OnFailure = FailureMode.RunToEnd };

        var all = await Assert.ThrowsAsync<FanOutException>(() => Enumerable.Range(0, 4).FanOutAsync(
            options, (item, _) => item == 0 ? new ValueTask<int>(0) : throw new TimeoutException("no " + item)));

        Assert.Equal("3 items of the fan-out failed, the first at index 1: no 1", all.Message);
    }

    [Fact]
    public async Task An_exception_that_rejects_data_is_still_reported()
    {
        var thrown = await Assert.ThrowsAsync<NoDataException>(() =>
            Enumerable.Range(0, 1).FanOutAsync(1, (_, _) => ValueTask.FromException<int>(new NoDataException())));

        Assert.Equal("no data", thrown.Message);
    }

    [Fact]
    public async Task The_message_tolerates_an_exception_whose_own_message_throws()
    {
        var options = new FanOutOptions { MaxConcurrency = 2, OnFailure = FailureMode.RunToEnd };

        var all = await Assert.ThrowsAsync<FanOutException>(() =>
            Enumerable.Range(0, 1).FanOutAsync(options, (_, _) => ValueTask.FromException(new NoMessageException())));

        Assert.Equal("1 item of the fan-out failed, the first at index 0: NoMessageException", all.Message);
    }

    private sealed class NoMessageException : Exception
    {
        public override string Message => throw new NotSupportedException();
    }

    private sealed class NoDataException() : Exception("no data")
    {
        public override System.Collections.IDictionary Data => throw new NotSupportedException();
    }
}
