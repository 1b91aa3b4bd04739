namespace AsyncKit.Benchmarks;

/// <summary>Counts the requests in progress.</summary>
internal sealed class ServerLoad
{
    private readonly Lock _lock = new();
    private int _running;
    private int _peak;

    public async Task CountAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path.Value?.EndsWith(ServerProgram.PeakPath, StringComparison.Ordinal) == true)
        {
            await next(http);
            return;
        }

        lock (_lock)
        {
            _peak = Math.Max(_peak, ++_running);
        }

        try
        {
            await next(http);
        }
        finally
        {
            lock (_lock)
            {
                _running--;
            }
        }
    }

    public int TakePeak()
    {
        lock (_lock)
        {
            var peak = _peak;
            _peak = _running;
            return peak;
        }
    }
}
