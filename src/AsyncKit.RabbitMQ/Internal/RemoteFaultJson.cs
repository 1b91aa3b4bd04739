using System.Text.Json.Serialization;

namespace AsyncKit.RabbitMQ;

/// <summary>The JSON of failures, without reflection.</summary>
[JsonSerializable(typeof(RemoteFault))]
internal sealed partial class RemoteFaultJson : JsonSerializerContext;
