using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace AsyncKit.Hosting;

/// <summary>Parses the text of one option.</summary>
/// <typeparam name="T">The type of the option.</typeparam>
/// <param name="rule">The rule in a message, for example "an integer".</param>
/// <param name="parse">Returns whether the text has the form of the rule.</param>
internal sealed class SectionValue<T>(string rule, SectionValue<T>.Parser parse)
{
    public delegate bool Parser(string text, [MaybeNullWhen(false)] out T value);

    public string Rule => rule;

    public bool TryParse(string text, [MaybeNullWhen(false)] out T value) => parse(text, out value);
}

/// <summary>The kinds of options that a section can contain. All use the invariant culture.</summary>
internal static class SectionValue
{
    public static readonly SectionValue<string> Text = new("a text", IsText);

    public static readonly SectionValue<bool> Boolean = new("true or false", bool.TryParse);

    public static readonly SectionValue<int> Integer = new(
        "an integer",
        static (text, out value) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value));

    public static readonly SectionValue<double> Number = new(
        "a number",
        static (text, out value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value));

    public static readonly SectionValue<TimeSpan> Time = new(
        "a time such as 00:00:30, or Infinite",
        static (text, out value) =>
        {
            value = Timeout.InfiniteTimeSpan;
            return text.Equals("Infinite", StringComparison.OrdinalIgnoreCase)
                || (text.Contains(':', StringComparison.Ordinal) // A number alone would be a number of days.
                    && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value));
        });

    public static readonly SectionValue<Backoff> Backoff = new(
        "None, Constant(delay), Linear(step, max) or Exponential(first, max) with times such as 00:00:01",
        static (text, out value) => AsyncKit.Backoff.TryParse(text, null, out value));

    public static SectionValue<TEnum> Member<TEnum>()
        where TEnum : struct, Enum => new(
            string.Join(" or ", Enum.GetNames<TEnum>()),
            static (text, out value) =>
            {
                value = default;
                return Enum.GetNames<TEnum>().Contains(text, StringComparer.OrdinalIgnoreCase)
                    && Enum.TryParse(text, ignoreCase: true, out value);
            });

    private static bool IsText(string text, out string value)
    {
        value = text;
        return true;
    }
}
