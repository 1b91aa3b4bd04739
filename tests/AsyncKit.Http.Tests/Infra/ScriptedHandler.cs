namespace AsyncKit.Http.Tests;

/// <summary>Answers requests without a network, one after the other as the script says, and keeps what was asked
/// for.</summary>
internal sealed class ScriptedHandler(params Func<HttpRequestMessage, HttpResponseMessage>[] script) : HttpMessageHandler
{
    private readonly List<(string? Range, string? IfRange)> _asked = [];

    /// <summary>The Range and If-Range of each request so far.</summary>
    public IReadOnlyList<(string? Range, string? IfRange)> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    public HttpClient Client() => new(this, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int number;
        lock (_asked)
        {
            number = _asked.Count;
            _asked.Add((request.Headers.Range?.ToString(), request.Headers.IfRange?.ToString()));
        }

        Assert.True(number < script.Length, $"There was a request too many: {request}");
        var response = script[number](request);
        response.RequestMessage = request;
        return Task.FromResult(response);
    }
}
