using System.Text.Json.Serialization;

namespace Resume;

[JsonSerializable(typeof(Price))]
internal sealed partial class ResumeJson : JsonSerializerContext;
