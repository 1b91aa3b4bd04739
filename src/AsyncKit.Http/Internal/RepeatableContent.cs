using System.Net.Http.Json;

namespace AsyncKit.Http;

/// <summary>Which contents give the same bytes again. Of any other nobody can say.</summary>
internal static class RepeatableContent
{
    public static bool Is(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent or JsonContent => true,
        MultipartContent parts => parts.All(Is),
        _ => false,
    };
}
