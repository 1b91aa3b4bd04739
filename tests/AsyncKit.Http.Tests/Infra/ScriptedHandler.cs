namespace AsyncKit.Http.Tests;

/// <summary>Answers requests without a network: one step of the script for each request. It records the ranges.</summary>
internal sealed class ScriptedHandler(params Func<HttpRequestMessage, HttpResponseMessage>[] script) : HttpMessageHandler
{
    private readonly List<(string? Range, string? IfRange)> _ranges = [];

    /// <summary>The Range and If-Range of each request so far.</summary>
    public IReadOnlyList<(string? Range, string? IfRange)> Ranges
    {
        get
        {
            lock (_ranges)
            {
                return [.. _ranges];
            }
        }
    }

    public HttpClient Client() => new(this, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int number;
        lock (_ranges)
        {
            number = _ranges.Count;
            _ranges.Add((request.Headers.Range?.ToString(), request.Headers.IfRange?.ToString()));
        }

        Assert.True(number < script.Length, $"The script contains no response to this request: {request}");
        var response = script[number](request);
        response.RequestMessage = request;
        return Task.FromResult(response);
    }
}
