using System.Text.Json;
using System.Text.Json.Serialization;

namespace AsyncKit.Comparison;

/// <summary>Writes results.json.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ComparisonReport))]
internal sealed partial class JsonReport : JsonSerializerContext
{
    public static string Create(ComparisonReport report) =>
        JsonSerializer.Serialize(report, Default.ComparisonReport) + "\n";
}
