using System.Globalization;

namespace Downloader;

/// <summary>The arguments of the command line.</summary>
internal sealed record Arguments(Uri[] Uris, string Folder, int MaxConcurrency)
{
    private const string Usage = "Downloader (file with a URL on each line) (folder) [at once]";
    private const int DefaultConcurrency = 8;

    /// <summary>Reads the arguments and the list of URLs. Empty lines and lines that start with # are skipped.</summary>
    /// <returns>The arguments, or one sentence that says what is wrong.</returns>
    public static (Arguments? Arguments, string? Error) Parse(string[] args)
    {
        if (args.Length is < 2 or > 3)
        {
            return (null, $"Usage: {Usage}");
        }

        var atOnce = DefaultConcurrency;
        if (args.Length == 3
            && (!int.TryParse(args[2], NumberStyles.None, CultureInfo.InvariantCulture, out atOnce) || atOnce < 1))
        {
            return (null, $"The number of downloads at once must be a whole number of at least 1; it was '{args[2]}'.");
        }

        string[] lines;
        try
        {
            lines = File.ReadAllLines(args[0]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, $"The list of URLs cannot be read: {exception.Message}");
        }

        var uris = new List<Uri>();
        for (var number = 1; number <= lines.Length; number++)
        {
            var line = lines[number - 1].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (!Uri.TryCreate(line, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                return (null, $"Line {number} of {args[0]} must be an http or https URL; it was '{line}'.");
            }

            uris.Add(uri);
        }

        return (new Arguments([.. uris], args[1], atOnce), null);
    }
}
