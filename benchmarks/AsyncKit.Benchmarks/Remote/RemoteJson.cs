using System.Text.Json.Serialization;

namespace AsyncKit.Benchmarks;

/// <summary>The JSON of the items and results, without reflection.</summary>
[JsonSerializable(typeof(RemoteJob))]
[JsonSerializable(typeof(string))]
internal sealed partial class RemoteJson : JsonSerializerContext;
