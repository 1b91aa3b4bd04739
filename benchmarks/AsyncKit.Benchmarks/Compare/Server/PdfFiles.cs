using System.Globalization;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>Makes valid PDF files of 1 to 3 MB, text and noise. The same number always gives the same file.</summary>
internal static class PdfFiles
{
    /// <summary>File n + Distinct has the content of file n, so that any number of files fits into memory.</summary>
    public const int Distinct = 10;

    private const int Seed = 20_260_202;
    private const int SmallestBytes = 1_000_000;
    private const int LargestBytes = 3_000_000;
    private const int ImageWidth = 512;
    private const int TextPages = 4;
    private const int LinesPerPage = 40;

    public static byte[] Create(int index)
    {
        var number = index % Distinct;
        var random = new Random(Seed + number);
        var pdf = new PdfWriter();
        pdf.Add("<< /Type /Catalog /Pages 2 0 R >>");
        var kids = string.Join(' ', Enumerable.Range(0, TextPages).Select(page => Text($"{5 + 2 * page} 0 R")));
        pdf.Add(Text($"<< /Type /Pages /Kids [{kids}] /Count {TextPages} >>"));
        pdf.Add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
        AddImage(pdf, random);
        for (var page = 0; page < TextPages; page++)
        {
            AddPage(pdf, number, page);
        }

        return pdf.Finish(rootNumber: 1);
    }

    private static void AddImage(PdfWriter pdf, Random random)
    {
        var height = random.Next(SmallestBytes, LargestBytes - 50_000) / (ImageWidth * 3);
        var pixels = new byte[ImageWidth * 3 * height];
        random.NextBytes(pixels);
        var head = $"/Type /XObject /Subtype /Image /Width {ImageWidth} /Height {height} /ColorSpace /DeviceRGB";
        pdf.AddStream(Text($"{head} /BitsPerComponent 8"), pixels);
    }

    private static void AddPage(PdfWriter pdf, int number, int page)
    {
        const string Page = "/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]";
        const string Resources = "/Resources << /Font << /F1 3 0 R >> /XObject << /Im1 4 0 R >> >>";
        pdf.Add(Text($"<< {Page} {Resources} /Contents {6 + 2 * page} 0 R >>"));
        var content = new StringBuilder("BT /F1 11 Tf 14 TL 60 790 Td\n");
        for (var line = 1; line <= LinesPerPage; line++)
        {
            content.Append(Text($"(Report {number + 1}, page {page + 1}, line {line}: slow, but together.) Tj T*\n"));
        }

        content.Append("ET\n");
        if (page == 0)
        {
            content.Append("q 160 0 0 160 375 60 cm /Im1 Do Q\n");
        }

        pdf.AddStream("", Encoding.ASCII.GetBytes(content.ToString()));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
