using System.Text;

namespace AsyncKit.Http;

/// <summary>Decodes the text of a response, as <see cref="HttpContent.ReadAsStringAsync()"/> does.</summary>
internal static class ResponseText
{
    /// <summary>The encodings that a byte order mark identifies. UTF-32 is first: its mark starts with that of
    /// UTF-16.</summary>
    private static readonly Encoding[] Marked =
        [Encoding.UTF8, Encoding.UTF32, Encoding.Unicode, Encoding.BigEndianUnicode];

    /// <exception cref="InvalidOperationException">The response specifies an unknown encoding.</exception>
    public static string Decode(HttpResponseMessage response, ReadOnlySpan<byte> bytes)
    {
        if (EncodingOf(response) is { } specified)
        {
            return specified.GetString(WithoutMark(bytes, specified));
        }

        foreach (var encoding in Marked)
        {
            var text = WithoutMark(bytes, encoding);
            if (text.Length < bytes.Length)
            {
                return encoding.GetString(text);
            }
        }

        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Returns the encoding that the response specifies; null if it specifies none.</summary>
    /// <inheritdoc cref="Decode" path="/exception"/>
    public static Encoding? EncodingOf(HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentType?.CharSet is not { } name)
        {
            return null;
        }

        try
        {
            return Encoding.GetEncoding(name is ['"', .. var quoted, '"'] ? quoted : name);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException) // UTF-7.
        {
#pragma warning disable MA0054 // The message of the inner exception would quote the raw name.
            throw new InvalidOperationException(
                $"{UriText.Of(response.RequestMessage)}: the response has the unknown encoding '{SafeText.Of(name)}'.");
#pragma warning restore MA0054
        }
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> bytes, Encoding encoding)
    {
        var mark = encoding.Preamble;
        return mark.Length > 0 && bytes.StartsWith(mark) ? bytes[mark.Length..] : bytes;
    }
}
