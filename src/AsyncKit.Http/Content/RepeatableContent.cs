using System.Collections;
using System.Net.Http.Json;

namespace AsyncKit.Http;

/// <summary>Which contents give the same bytes again. Of any other nobody can say.</summary>
internal static class RepeatableContent
{
    public static bool Is(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent => true,
        JsonContent json => !IsLazy(json.Value),
        MultipartContent parts => parts.All(Is),
        _ => false,
    };

    /// <summary>A sequence may be one that can be gone through only once.</summary>
    private static bool IsLazy(object? value) =>
        value is IAsyncEnumerable<object?> or (IEnumerable and not (string or ICollection));
}
