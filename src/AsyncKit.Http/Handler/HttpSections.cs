using System.Diagnostics.CodeAnalysis;
using AsyncKit.Hosting;

namespace AsyncKit.Http;

/// <summary>The options of clients that a section can contain.</summary>
internal static class HttpSections
{
    public static readonly SectionBinder<AsyncKitHttpOptions> Handler = new("AsyncKitHttpOptions")
    {
        { "MaxConcurrencyPerHost", SectionValue.Integer, (options, value) => Set(options, () => options.MaxConcurrencyPerHost = value) },
        { "AdaptiveLimitPerHost", ResilienceSections.Adaptive, _ => new(), (options, value) => Set(options, () => options.AdaptiveLimitPerHost = value.Create()) },
        { "Retry", ResilienceSections.Retry, options => options.Retry, (options, value) => Set(options, () => options.Retry = value) },
        { "RetriedMethods", Method(), (AsyncKitHttpOptions options, IReadOnlyList<HttpMethod> value) => Set(options, () => options.RetriedMethods = value) },
        { "ReadIdleTimeout", SectionValue.Time, (options, value) => Set(options, () => options.ReadIdleTimeout = value) },
    };

    private static AsyncKitHttpOptions Set(AsyncKitHttpOptions options, Action set)
    {
        set();
        return options;
    }

    private static SectionValue<HttpMethod> Method() => new("an HTTP method such as GET", TryParse);

    private static bool TryParse(string text, [MaybeNullWhen(false)] out HttpMethod method)
    {
        try
        {
            method = HttpMethod.Parse(text);
            return true;
        }
        catch (FormatException)
        {
            method = null;
            return false;
        }
    }
}
