using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AsyncKit.Http;

/// <summary>Creates one policy for each named client of a container.</summary>
internal sealed class HttpPolicyCache(
    IOptionsMonitor<AsyncKitHttpOptions> options, ILoggerFactory? loggers = null) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<HttpPolicy>> _policies = new(StringComparer.Ordinal);

    public HttpPolicy Of(string name) =>
        _policies.GetOrAdd(name, name => new Lazy<HttpPolicy>(() => new HttpPolicy(
            options.Get(name), name.Length > 0 ? name : null, loggers?.CreateLogger("AsyncKit.Http")))).Value;

    public void Dispose()
    {
        foreach (var policy in _policies.Values)
        {
            if (policy.IsValueCreated)
            {
                policy.Value.Dispose();
            }
        }
    }
}
