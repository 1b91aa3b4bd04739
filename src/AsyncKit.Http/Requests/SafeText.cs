using System.Globalization;

namespace AsyncKit.Http;

/// <summary>Removes characters from text of a server that a terminal or a log would interpret.</summary>
internal static class SafeText
{
    private const char Replacement = '?';

    public static bool IsSafe(string text)
    {
        foreach (var character in text)
        {
            if (IsUnsafe(character))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Returns the text on one line, with a question mark for each control and direction character.</summary>
    public static string Of(string text) => IsSafe(text)
        ? text
        : string.Create(text.Length, text, static (safe, text) =>
        {
            for (var index = 0; index < text.Length; index++)
            {
                safe[index] = IsUnsafe(text[index]) ? Replacement : text[index];
            }
        });

    private static bool IsUnsafe(char character) =>
        char.IsControl(character)
        || (character >= '\u0080' && char.GetUnicodeCategory(character) is
            UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
