using System.Text.Json.Serialization;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>The items and results of the tests.</summary>
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(string))]
internal sealed partial class Json : JsonSerializerContext;
