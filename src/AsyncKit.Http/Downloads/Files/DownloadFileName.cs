using System.Globalization;
using System.Text;

namespace AsyncKit.Http;

/// <summary>Derives the name of a file from its URL.</summary>
/// <remarks>
/// Invariant: the result of <see cref="Of"/> is one path component on every platform, at most <see cref="MaxBytes"/>
/// long in UTF-8. It never names a Windows device, a partial file or a sidecar.
/// </remarks>
internal static class DownloadFileName
{
    /// <summary>File systems support 255 bytes, and the partial file has a longer name.</summary>
    public const int MaxBytes = 255 - DownloadPaths.MaxAddition;

    private const string Unnamed = "download";
    private const string Invalid = "\"*/:<>?\\|";
    private const int MaxExtensionBytes = 20;
    private const int HashDigits = 12;

    private static readonly string[] Devices =
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

    /// <param name="uri">An absolute URI.</param>
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

        clean = Shorten(clean, "", MaxBytes);
        return DownloadPaths.IsReserved(clean) ? Shorten(clean, "", MaxBytes - 1) + "_" : clean;
    }

    /// <summary>Returns the name with a number before its extension.</summary>
    public static string WithNumber(string name, int number) =>
        Shorten(name, string.Create(CultureInfo.InvariantCulture, $" ({number})"), MaxBytes);

    /// <summary>Returns the name with the first digits of a hash before its extension.</summary>
    public static string WithHash(string name, string hash) => Shorten(name, $"-{hash[..HashDigits]}", MaxBytes);

    private static string WithoutInvalid(string name)
    {
        var clean = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes()) // An unpaired surrogate becomes the replacement character.
        {
            _ = IsInvalid(rune) ? clean.Append('_') : clean.Append(rune.ToString());
        }

        return clean.ToString().Normalize(NormalizationForm.FormC);
    }

    /// <summary>Includes Unicode direction marks, which can disguise the extension.</summary>
    private static bool IsInvalid(Rune rune) =>
        rune == Rune.ReplacementChar
        || (rune.IsAscii && Invalid.Contains((char)rune.Value, StringComparison.Ordinal))
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned;

    /// <summary>Removes trailing dots and spaces, as Windows does. The names "." and ".." become empty.</summary>
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

    /// <summary>Shortens the stem so that stem, suffix and extension together fit into the given number of
    /// bytes.</summary>
    private static string Shorten(string name, string suffix, int maxBytes)
    {
        var extension = Path.GetExtension(name);
        if (Encoding.UTF8.GetByteCount(extension) > MaxExtensionBytes || extension.Length == name.Length)
        {
            extension = ""; // A long extension, or one without a stem, is part of the stem.
        }

        var stem = name[..^extension.Length];
        var room = maxBytes - Encoding.UTF8.GetByteCount(suffix) - Encoding.UTF8.GetByteCount(extension);
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
