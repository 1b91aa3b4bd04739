using System.Globalization;
using AsyncKit.Http;
using Spectre.Console;

namespace Downloader;

/// <summary>Shows how far the files are: as bars, or where the output is no screen as a line for each file.</summary>
internal abstract class View : IProgress<DownloadProgress>, IProgress<DownloadAllProgress>
{
    public static Task<T> RunAsync<T>(Func<View, Task<T>> run) =>
        Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive
            ? run(new Lines())
            : AnsiConsole.Progress()
                .HideCompleted(true)
                .Columns(
                    new TaskDescriptionColumn { Alignment = Justify.Left },
                    new ProgressBarColumn(),
                    new PercentageColumn(),
                    new DownloadedColumn(),
                    new TransferSpeedColumn())
                .StartAsync(context => run(new Bars(context)));

    public abstract void Report(DownloadProgress value);

    public abstract void Report(DownloadAllProgress value);

    private sealed class Lines : View
    {
        public override void Report(DownloadProgress value)
        {
            if (value.IsLast)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Path.GetFileName(value.Path)}: {value.BytesOnDisk} of {value.TotalBytes} bytes"));
            }
        }

        public override void Report(DownloadAllProgress value)
        {
            // The lines of the files say enough.
        }
    }

    /// <summary>Reports come one at a time, so that nothing here needs a lock; those of a file and those of all may come at
    /// once.</summary>
    private sealed class Bars(ProgressContext context) : View
    {
        private readonly ProgressTask _all = context.AddTask("All files", new ProgressTaskSettings { MaxValue = double.MaxValue });
        private readonly Dictionary<string, ProgressTask> _files = new(StringComparer.Ordinal);

        public override void Report(DownloadProgress value)
        {
            if (!_files.TryGetValue(value.Path, out var bar))
            {
                bar = context.AddTask(Markup.Escape(Path.GetFileName(value.Path)), new ProgressTaskSettings { MaxValue = double.MaxValue });
                _files.Add(value.Path, bar);
            }

            bar.MaxValue = Math.Max(value.TotalBytes ?? double.MaxValue, 1);
            bar.Value = value.BytesOnDisk;
            if (value.IsLast)
            {
                bar.StopTask(); // Completed or not, it is hidden.
                _ = _files.Remove(value.Path);
            }
        }

        public override void Report(DownloadAllProgress value)
        {
            _all.Description = $"{value.DoneFiles} of {value.TotalFiles} files, {value.FailedFiles} failed, {value.ActiveFiles} active";
            _all.MaxValue = Math.Max(value.KnownBytes, 1);
            _all.Value = Math.Min(value.BytesOnDisk, value.KnownBytes - 1); // Never completed, or it would be hidden.
        }
    }
}
