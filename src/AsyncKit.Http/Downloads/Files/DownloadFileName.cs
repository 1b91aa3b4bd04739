using System.Globalization;
using System.Text;

namespace AsyncKit.Http;

/// <summary>The name of a file, taken from a URL.</summary>
/// <remarks>
/// Invariant: what <see cref="Of"/> gives is one component of a path on every platform, at most <see cref="MostBytes"/> long
/// in UTF-8, no device of Windows, and never the name of a part or of what stands beside one.
/// </remarks>
internal static class DownloadFileName
{
    /// <summary>255 is what file systems bear; the rest is for what stands beside a part.</summary>
    public const int MostBytes = 255 - 14;

    private const string Unnamed = "download";
    private const string Invalid = "\"*/:<>?\\|";
    private const int MostBytesOfExtension = 20;

    private static readonly string[] Devices =
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

    /// <param name="uri">Absolute.</param>
    public static string Of(Uri uri)
    {
        var path = uri.AbsolutePath;
        return Clean(Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]));
    }

    public static string Clean(string name)
    {
        var clean = Trim(WithoutInvalid(name));
        if (clean.Length == 0)
        {
            return Unnamed;
        }

        if (IsDevice(clean))
        {
            clean = "_" + clean;
        }

        clean = Shorten(clean, "", MostBytes);
        return DownloadPaths.IsOfPart(clean) ? Shorten(clean, "", MostBytes - 1) + "_" : clean;
    }

    /// <summary>The same with a suffix before the extension.</summary>
    public static string WithNumber(string name, int number) =>
        Shorten(name, string.Create(CultureInfo.InvariantCulture, $" ({number})"), MostBytes);

    private static string WithoutInvalid(string name)
    {
        var clean = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes()) // Half of a pair comes as the replacement character.
        {
            _ = IsInvalid(rune) ? clean.Append('_') : clean.Append(rune.ToString());
        }

        return clean.ToString().Normalize(NormalizationForm.FormC);
    }

    /// <summary>Also marks of direction, which show another extension than there is.</summary>
    private static bool IsInvalid(Rune rune) =>
        rune == Rune.ReplacementChar
        || (rune.IsAscii && Invalid.Contains((char)rune.Value, StringComparison.Ordinal))
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned;

    /// <summary>Windows drops dots and blanks at the end; so "." and ".." have no name left.</summary>
    private static string Trim(string name) => name.TrimStart(' ').TrimEnd(' ', '.');

    private static bool IsDevice(string name)
    {
        var stem = name.Split('.')[0].TrimEnd(' ');
        return Devices.Contains(stem, StringComparer.OrdinalIgnoreCase)
            || (stem.Length == 4
                && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase)
                    || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase))
                && (char.IsAsciiDigit(stem[3]) || stem[3] is '\u00B9' or '\u00B2' or '\u00B3'));
    }

    /// <summary>Cuts the stem, so that the whole with the suffix and the extension has no more than that many bytes.</summary>
    private static string Shorten(string name, string suffix, int most)
    {
        var extension = Path.GetExtension(name);
        if (Encoding.UTF8.GetByteCount(extension) > MostBytesOfExtension || extension.Length == name.Length)
        {
            extension = ""; // What is that long, or all there is, is none.
        }

        var stem = name[..^extension.Length];
        var room = most - Encoding.UTF8.GetByteCount(suffix) - Encoding.UTF8.GetByteCount(extension);
        var cut = Cut(stem, room);
        if (cut.Length < stem.Length)
        {
            cut = cut.TrimEnd(' ', '.');
        }

        return (cut.Length == 0 ? "_" : cut) + suffix + extension;
    }

    private static string Cut(string text, int room)
    {
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }
}
