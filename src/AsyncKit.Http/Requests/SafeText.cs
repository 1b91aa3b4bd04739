using System.Buffers;
using System.Globalization;

namespace AsyncKit.Http;

/// <summary>Removes characters from text of a server that a terminal or a log would interpret, and the user info of
/// addresses: a message of .NET quotes the address of a proxy with its password.</summary>
internal static class SafeText
{
    private const char Replacement = '?';

    private static readonly SearchValues<char> AfterAuthority = SearchValues.Create("/?# '\"");

    public static bool IsSafe(string text)
    {
        foreach (var character in text)
        {
            if (IsUnsafe(character))
            {
                return false;
            }
        }

        return UserInfoOf(text, 0).End < 0;
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
        }).WithoutUserInfo();

    private static string WithoutUserInfo(this string text)
    {
        for (var (start, end) = UserInfoOf(text, 0); end >= 0; (start, end) = UserInfoOf(text, start))
        {
            text = text.Remove(start, end - start);
        }

        return text;
    }

    /// <summary>Finds the first user info of an address, from Start to before End. End is -1 if the text contains no
    /// user info.</summary>
    private static (int Start, int End) UserInfoOf(string text, int from)
    {
        const string Slashes = "://";
        while (text.IndexOf(Slashes, from, StringComparison.Ordinal) is >= 0 and var at)
        {
            var start = from = at + Slashes.Length;
            var length = text.AsSpan(start).IndexOfAny(AfterAuthority);
            var authority = length < 0 ? text.AsSpan(start) : text.AsSpan(start, length);
            if (authority.LastIndexOf('@') is >= 0 and var last)
            {
                return (start, start + last + 1);
            }
        }

        return (-1, -1);
    }

    private static bool IsUnsafe(char character) =>
        char.IsControl(character)
        || (character >= '\u0080' && char.GetUnicodeCategory(character) is
            UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
