using System.Text;

namespace AsyncKit.Http.Tests;

/// <summary>Tests the file names that are derived from URLs.</summary>
public sealed class DownloadFileNameTests : IClassFixture<NothingLeftBehind>
{
    private static readonly string Long = new('a', 300);

    [Theory]
    [InlineData("http://h/a.pdf", "a.pdf")]
    [InlineData("http://h/x/y/a%20b.pdf?c=d/e#f", "a b.pdf")]
    [InlineData("http://h/%C3%A4.pdf", "ä.pdf")]
    [InlineData("http://h/", "download")]
    [InlineData("http://h/x/", "download")]
    [InlineData("http://h/..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd")]
    [InlineData("http://h/..%5C..%5Cwindows%5Cwin.ini", ".._.._windows_win.ini")]
    [InlineData("http://h/%2e%2e", "download")]
    [InlineData("http://h/%252e%252e%252fa", "%2e%2e%2fa")]
    [InlineData("http://h/C%3A%5Ca.txt", "C__a.txt")]
    [InlineData("http://h/a%00.txt", "a_.txt")]
    [InlineData("http://h/a%0D%0Ab", "a__b")]
    [InlineData("http://h/%E2%80%AEfdp.exe", "_fdp.exe")]
    [InlineData("http://h/a.%20.%20", "a")]
    [InlineData("http://h/%20a", "a")]
    [InlineData("http://h/CON", "_CON")]
    [InlineData("http://h/con.txt", "_con.txt")]
    [InlineData("http://h/Nul%20.tar.gz", "_Nul .tar.gz")]
    [InlineData("http://h/COM1.log", "_COM1.log")]
    [InlineData("http://h/LPT%C2%B9", "_LPT¹")]
    [InlineData("http://h/COM", "COM")]
    [InlineData("http://h/COM10", "COM10")]
    [InlineData("http://h/.profile", ".profile")]
    [InlineData("http://h/a%3Ab%2Ac%3Fd%22e%3Cf%3Eg%7Ch", "a_b_c_d_e_f_g_h")]
    [InlineData("http://h/a.pdf.part", "a.pdf.part")]
    [InlineData("http://h/a.pdf.ASYNCKIT.json", "a.pdf.ASYNCKIT.json_")]
    [InlineData("http://h/a.asynckit", "a.asynckit_")]
    public void A_name_is_valid_on_every_platform(string url, string name) =>
        Assert.Equal(name, DownloadFileName.Of(new Uri(url)));

    [Fact]
    public void A_long_name_is_shortened_and_keeps_its_extension()
    {
        Assert.Equal(new string('a', DownloadFileName.MaxBytes - 4) + ".pdf", DownloadFileName.Clean(Long + ".pdf"));
        Assert.Equal(new string('a', DownloadFileName.MaxBytes), DownloadFileName.Clean(Long));
        Assert.Equal(new string('a', DownloadFileName.MaxBytes), DownloadFileName.Clean(Long + "." + Long));
        Assert.Equal(new string('a', DownloadFileName.MaxBytes - 8) + " (2).pdf", DownloadFileName.WithNumber(DownloadFileName.Clean(Long + ".pdf"), 2));
        var wide = DownloadFileName.Clean(string.Concat(Enumerable.Repeat("\U0001F600", 100)) + ".txt");
        Assert.Equal(string.Concat(Enumerable.Repeat("\U0001F600", 56)) + ".txt", wide);
    }

    /// <summary>Combines characters that have a meaning in file systems.</summary>
    [Fact]
    public void A_name_from_a_URL_never_leaves_the_folder()
    {
        var random = new Random(1);
        string[] pieces =
            ["%2F", "%5C", "..", ".", "%2e", "%00", ":", "~", "%20", "a", "CON", "%0A", "%ED%A0%80", "%E2%80%AE", "%25", "é", ".part", "?", "/", "\\"];
        for (var round = 0; round < 3_000; round++)
        {
            var url = "http://h/" + string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));

            var name = DownloadFileName.Of(new Uri(url));

            Assert.Equal("/folder", Path.GetDirectoryName(Path.GetFullPath(Path.Combine("/folder", name))));
            Assert.DoesNotContain(name, one => one < ' ' || "\"*/:<>?\\|".Contains(one, StringComparison.Ordinal));
            Assert.True(Encoding.UTF8.GetByteCount(name) <= DownloadFileName.MaxBytes);
            Assert.False(name.Length == 0 || name[^1] is '.' or ' ' || DownloadPaths.IsReserved(name), $"{url}: {name}");
        }
    }

    [Fact]
    public void Files_of_a_call_have_distinct_names_and_the_same_URLs_get_the_same_names_again()
    {
        var twice = new Uri("http://h/a.pdf");
        Uri[] uris =
        [
            twice, new("http://h/A.PDF"), twice, new("http://h/a%20(2).pdf"), new("http://h/x/a.pdf"), new("b", UriKind.Relative),
        ];

        for (var call = 0; call < 2; call++)
        {
            var names = new DownloadNames("/folder", isUrlBound: false);
            foreach (var uri in uris)
            {
                names.Add(uri, DownloadUri.Absolute(uri, new Uri("http://h/")), null, "uris");
            }

            Assert.Equal(
                ["a.pdf", "A (2).PDF", "a (3).pdf", "a (2) (2).pdf", "a (4).pdf", "b"],
                uris.Select(uri => Path.GetFileName(names.Take(uri))).ToArray());
        }
    }

    /// <summary>A file system may ignore case or normalize names: only ASCII names are compared by ignoring case.</summary>
    [Fact]
    public void Names_are_distinct_on_file_systems_that_ignore_case_or_normalize()
    {
        string[] same = ["stra%C3%9Fe", "strasse", "STRASSE", "%C3%A9", "e%CC%81", "e", "%E2%84%AA", "k", "K", "%EF%AC%81", "fi", "%C5%BF", "s", "%C4%B1", "i", "%C4%B0"];
        var uris = same.Select(name => new Uri($"http://h/{name}")).ToList();
        var names = new DownloadNames("/folder", isUrlBound: false);
        foreach (var uri in uris)
        {
            names.Add(uri, uri, null, "uris");
        }

        var folded = uris.Select(uri => Path.GetFileName(names.Take(uri))).Select(name =>
        {
            Assert.True(Ascii.IsValid(name) || name.Contains('-', StringComparison.Ordinal), name);
            return string.Concat(name.Where(char.IsAscii)).ToUpperInvariant(); // At least what each file system keeps apart.
        }).ToList();
        Assert.Equal(folded.Count, folded.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_name_that_is_bound_to_its_URL_does_not_depend_on_other_items()
    {
        Uri[] uris = [new("http://h/a?1"), new("http://h/a?2"), new("http://h/b/a"), new($"http://h/{Long}.pdf?1"), new($"http://h/{Long}.pdf?2")];
        var alone = uris.Select(uri => NamesOf(uri)[0]).ToList();

        Assert.Equal(alone, NamesOf(uris));
        Assert.Equal(uris.Length, alone.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(NamesOf(new Uri("http://me:secret@h/a?1")), [alone[0]]);
        Assert.All(alone, name => Assert.True(Encoding.UTF8.GetByteCount(name) <= DownloadFileName.MaxBytes));

        static List<string> NamesOf(params Uri[] uris)
        {
            var names = new DownloadNames("/folder", isUrlBound: true);
            Array.ForEach(uris, uri => names.Add(uri, uri, null, "uris"));
            return [.. uris.Select(uri => Path.GetFileName(names.Take(uri)))];
        }
    }
}
