using System.Globalization;
using AsyncKit.Http;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Downloader;

/// <summary>Shows the progress of the files as bars. If the output is redirected, it writes a line per complete
/// file.</summary>
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
                    new SizeColumn(),
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
                    $"{Path.GetFileName(value.Path)}: {value.BytesOnDisk} of {value.TotalBytes?.ToString(CultureInfo.InvariantCulture) ?? "?"} bytes"));
            }
        }

        public override void Report(DownloadAllProgress value)
        {
            // The lines of the files are enough.
        }
    }

    /// <summary>Needs no lock for its dictionary: the reports of the files arrive one at a time. The reports of all
    /// files can arrive concurrently with them, and use only their own bar.</summary>
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

            bar.IsIndeterminate = value.TotalBytes is null;
            bar.MaxValue = Math.Max(value.TotalBytes ?? double.MaxValue, 1);
            bar.Value = value.BytesOnDisk;
            if (value.IsLast)
            {
                bar.StopTask(); // Hides the bar, even if the file is not complete.
                _ = _files.Remove(value.Path);
            }
        }

        public override void Report(DownloadAllProgress value)
        {
            _all.Description = $"{value.DoneFiles} of {value.TotalFiles?.ToString(CultureInfo.InvariantCulture) ?? "?"} files, {value.FailedFiles} failed, {value.ActiveFiles} active";
            _all.MaxValue = Math.Max(value.KnownBytes, 1);
            _all.Value = Math.Min(value.BytesOnDisk, value.KnownBytes - 1); // Below the maximum: a completed bar would be hidden.
        }
    }

    /// <summary>Shows the bytes on disk and the size of the file, which the server may not report.</summary>
    private sealed class SizeColumn : ProgressColumn
    {
        private const double MB = 1_000_000;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var total = task.IsIndeterminate ? "?" : (task.MaxValue / MB).ToString("0.0", CultureInfo.InvariantCulture);
            return new Text(string.Create(CultureInfo.InvariantCulture, $"{task.Value / MB:0.0} of {total} MB"));
        }
    }
}
