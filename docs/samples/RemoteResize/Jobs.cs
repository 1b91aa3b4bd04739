using System.Text.Json.Serialization;

namespace RemoteResize;

/// <summary>The items and results, as both sides know them.</summary>
[JsonSerializable(typeof(Image))]
[JsonSerializable(typeof(Thumb))]
internal sealed partial class Jobs : JsonSerializerContext;
