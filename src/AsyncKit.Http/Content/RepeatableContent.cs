using System.Collections;
using System.Net.Http.Json;

namespace AsyncKit.Http;

/// <summary>Recognizes request contents that produce the same bytes each time they are sent.</summary>
internal static class RepeatableContent
{
    /// <summary>Returns false for an unknown type of content, which may be readable only once.</summary>
    public static bool Is(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent => true,
        JsonContent json => !IsLazy(json.Value),
        MultipartContent parts => parts.All(Is),
        _ => false,
    };

    /// <summary>Returns true for a sequence that may be enumerable only once.</summary>
    private static bool IsLazy(object? value) =>
        value is IAsyncEnumerable<object?> or (IEnumerable and not (string or ICollection));
}
