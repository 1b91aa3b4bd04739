using System.Net.Http.Json;

namespace AsyncKit.Http;

/// <summary>Decides whether a request content can be sent again with the same bytes.</summary>
/// <remarks>The type of a JSON value does not show that: a property deep inside may be a sequence that can be enumerated
/// once. So such content is serialized once, by <see cref="ReplayedContent"/>. Content that .NET keeps in memory needs
/// no copy. Any other content may be a stream, and is sent once.</remarks>
internal static class RepeatableContent
{
    /// <summary>Returns false if the content must be sent once.</summary>
    public static bool MayRepeat(HttpContent? content) =>
        content is null or ByteArrayContent or ReadOnlyMemoryContent or JsonContent
        || (content is MultipartContent parts && parts.All(MayRepeat));

    /// <summary>Returns true if each call produces the same bytes. A derived type may override what it sends.</summary>
    public static bool IsInMemory(HttpContent? content) =>
        content is null
        || content.GetType() == typeof(ByteArrayContent)
        || content.GetType() == typeof(StringContent)
        || content.GetType() == typeof(FormUrlEncodedContent)
        || content is ReadOnlyMemoryContent
        || ((content.GetType() == typeof(MultipartContent) || content.GetType() == typeof(MultipartFormDataContent))
            && ((MultipartContent)content).All(IsInMemory));
}
