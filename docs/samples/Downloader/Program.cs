using System.Globalization;
using System.Runtime.InteropServices;
using AsyncKit;
using AsyncKit.Http;
using Downloader;

// Downloads the files of a list into a folder, with a progress bar per active file and one for all files. Ctrl-C stops
// it. The next start resumes, even after a crash: it keeps complete files and continues a partial file at its last byte.
//   dotnet run --project docs/samples/Downloader -- (file with a URL on each line) (folder) [at once]
const int ExitCodeOfUsage = 2;
const int ExitCodeOfCtrlC = 130;
var (arguments, error) = Arguments.Parse(args);
if (arguments is null)
{
    await Console.Error.WriteLineAsync(error);
    return ExitCodeOfUsage;
}

using var stop = new CancellationTokenSource();
using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
{
    context.Cancel = true; // The process writes its summary and then exits.
    stop.Cancel();
});

using var http = new HttpClient();
var report = await View.RunAsync(view => http.DownloadAllReportAsync(
    arguments.Uris,
    arguments.Folder,
    new DownloadAllOptions
    {
        FanOut = new FanOutOptions
        {
            MaxConcurrency = arguments.MaxConcurrency,
            Partition = FanOutPartition.By<Uri, string>(uri => uri.Host, maxPerKey: 4),
        },
        Download = new DownloadOptions { OnExisting = ExistingFile.Keep, Progress = view },
        Progress = view,
    },
    stop.Token));

foreach (var failure in report.Failures)
{
    await Console.Error.WriteLineAsync(failure.Exception!.Message);
}

var kept = report.Values.Count(result => result.IsKept);
var resumed = report.Values.Count(result => result.IsResumed);
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{report.SucceededCount} complete ({kept} kept, {resumed} resumed), {report.FailedCount} failed, "
    + $"{report.CancelledCount + report.NotStartedCount} not done"));
return report.IsCancelled ? ExitCodeOfCtrlC : Math.Min(report.FailedCount, 1);
