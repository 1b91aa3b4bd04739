using System.Globalization;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>Makes HTML pages of 20 to 200 KB. The same number always gives the same page.</summary>
internal static class HtmlPages
{
    /// <summary>Page n + Distinct has the content of page n, so that any number of pages fits into memory.</summary>
    public const int Distinct = 200;

    private const int Seed = 20_260_101;
    private const int SmallestBytes = 20_000;
    private const int LargestBytes = 200_000;

    private static readonly string[] Words =
    [
        "await", "queue", "harbour", "river", "signal", "window", "packet", "garden", "thread", "copper",
        "meadow", "socket", "lantern", "winter", "buffer", "canvas", "stream", "orchard", "letter", "engine",
    ];

    public static byte[] Create(int index)
    {
        var number = index % Distinct;
        var random = new Random(Seed + number);
        var size = random.Next(SmallestBytes, LargestBytes);
        var html = new StringBuilder(size + 512);
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>");
        html.Append(CultureInfo.InvariantCulture, $"Page {number} about the {Word(random)} and the {Word(random)}");
        html.Append("</title></head>\n<body>\n");
        while (html.Length < size)
        {
            AppendParagraph(html, random);
        }

        return Encoding.ASCII.GetBytes(html.Append("</body>\n</html>\n").ToString());
    }

    private static void AppendParagraph(StringBuilder html, Random random)
    {
        html.Append("<p>");
        for (var left = random.Next(20, 80); left > 0; left--)
        {
            var word = Word(random);
            _ = random.Next(15) == 0
                ? html.Append(CultureInfo.InvariantCulture, $"<a href=\"/{word}/{random.Next(1000)}\">{word}</a> ")
                : html.Append(word).Append(' ');
        }

        html.Append("</p>\n");
    }

    private static string Word(Random random) => Words[random.Next(Words.Length)];
}
