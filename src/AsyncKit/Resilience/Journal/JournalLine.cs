using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AsyncKit;

/// <summary>A line of a journal: a JSON array with the key and the result, and a line feed.</summary>
internal static class JournalLine
{
    /// <summary>The first line of each journal, which shows that the file is one.</summary>
    public static ReadOnlySpan<byte> Header => "{\"AsyncKit.RunJournal\":1}\n"u8;

    /// <summary>A result may be nested as deeply as its own options allow.</summary>
    private const int MaxDepth = int.MaxValue;

    /// <returns>The line with its line feed, the only one in it.</returns>
    public static byte[] Of<TResult>(string key, TResult result, JsonTypeInfo<TResult>? typeInfo)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = NewWriter(bytes))
        {
            json.WriteStartArray();
            json.WriteStringValue(key);
            if (typeInfo is not null)
            {
                JsonSerializer.Serialize(json, result, typeInfo);
            }

            json.WriteEndArray();
        }

        if (bytes.WrittenSpan.Contains((byte)'\n'))
        {
            using var document = JsonDocument.Parse(bytes.WrittenMemory, new() { MaxDepth = MaxDepth }); // A converter wrote indented JSON.
            bytes = new ArrayBufferWriter<byte>();
            using var json = NewWriter(bytes);
            document.WriteTo(json);
        }

        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Returns the key of a line, and where its result is.</summary>
    /// <exception cref="JsonException">The line is not valid.</exception>
    public static string Parse(ReadOnlySpan<byte> line, out int start, out int length)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = MaxDepth });
        _ = reader.Read() && reader.TokenType == JsonTokenType.StartArray && reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException("It must be an array whose first value is the key.");
        }

        var key = reader.GetString()!;
        (start, length) = ((int)reader.BytesConsumed, 0);
        _ = reader.Read();
        if (reader.TokenType != JsonTokenType.EndArray)
        {
            start = (int)reader.TokenStartIndex;
            reader.Skip();
            length = (int)reader.BytesConsumed - start;
            _ = reader.Read();
        }

        return reader.TokenType == JsonTokenType.EndArray && !reader.Read()
            ? key
            : throw new JsonException("It must be an array of the key and the result.");
    }

    /// <summary>Returns a writer that does not indent, regardless of the options of the result's type.</summary>
    private static Utf8JsonWriter NewWriter(IBufferWriter<byte> bytes) => new(bytes, new JsonWriterOptions { MaxDepth = MaxDepth });
}
