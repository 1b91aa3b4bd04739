using System.Text.Json;

namespace AsyncKit.RabbitMQ;

/// <summary>The failure of an item, as it travels in a reply.</summary>
internal sealed record RemoteFault(string Type, string Message, string? StackTrace, string Worker, bool IsTransient)
{
    private const int MostCharacters = 16_384;

    public static RemoteFault Of(Exception exception, string worker) => new(
        exception.GetType().FullName ?? exception.GetType().Name,
        Cut(exception.Message)!,
        Cut(exception.StackTrace),
        worker,
        Transient.IsTransient(exception));

    public static RemoteFault Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, RemoteFaultJson.Default.RemoteFault)
        ?? throw new JsonException("The reply of a worker contains no failure.");

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, RemoteFaultJson.Default.RemoteFault);

    private static string? Cut(string? text) => text?.Length > MostCharacters ? text[..MostCharacters] : text;
}
