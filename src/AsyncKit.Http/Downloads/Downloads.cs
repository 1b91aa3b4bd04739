namespace AsyncKit.Http;

/// <summary>Files from URLs: one or many, that are complete or not there, and go on where they stopped.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Under its name there is only ever a complete file. The bytes are in a file beside it that ends in .part, which takes
/// the name in one step, after they have been flushed to the disk.</item>
/// <item>An attempt goes on from the bytes on disk, in the same call or in a later one, also after the process was
/// killed.</item>
/// <item>Bytes of two versions are never mixed: the rest is asked for with the strong ETag or the date of the version on disk,
/// and what the server says of the rest is checked. If anything does not fit, the download begins anew.</item>
/// <item>A body that is shorter than its length is a failed attempt. A length or a SHA-256 that was expected and is not met is
/// an <see cref="InvalidDataException"/>, and the wrong bytes are deleted.</item>
/// <item>MaxAttempts counts attempts in a row that bring no new byte. One that brings some is the first of a new row.</item>
/// <item>A server that sends nothing for ReadIdleTimeout has failed the attempt with a <see cref="TimeoutException"/>.</item>
/// <item>Failures keep their types, and their messages name the URL and the file.</item>
/// <item>A cancelled or failed download leaves its part for a later call, if that can go on from it, and nothing
/// otherwise.</item>
/// <item>Two downloads never write the same file: the second is refused with an <see cref="IOException"/> that names
/// it.</item>
/// <item>A name that is taken from a URL stays in the folder, whatever the URL says, and is a valid one on every platform. No
/// two files of a call have the same, and the same URLs get the same names in each call.</item>
/// <item>A receiver of progress is never called twice at once, and is told the last state, however a download ends.</item>
/// <item>Memory does not depend on the size of a file: a buffer of 128 KB for each download that is active.</item>
/// </list>
/// Calls of the file system that block run on <see cref="Offload"/>. Redirects are HttpClient's business, and so is its
/// AutomaticDecompression: a body that it decodes is saved decoded, and cannot be gone on with.
/// </remarks>
public static partial class Downloads
{
    /// <summary>Downloads a file.</summary>
    /// <param name="client">What sends the requests. Its timeout counts until the headers of a response are there.</param>
    /// <param name="uri">Where it comes from; absolute unless the client has a BaseAddress.</param>
    /// <param name="path">What it is to be called. A folder that is missing is made.</param>
    /// <param name="options">How it is downloaded; null for <see cref="DownloadOptions"/> as they are.</param>
    /// <param name="cancellationToken">Ends the download; the part stays for a later call.</param>
    /// <returns>What was downloaded. The file is complete under its name when the task has ended.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The URI is relative to nothing, or the path names no file; thrown at the
    /// call.</exception>
    /// <exception cref="HttpRequestException">From the task: there was no answer, or none of success.</exception>
    /// <exception cref="TimeoutException">From the task: the server or all attempts have taken too long.</exception>
    /// <exception cref="InvalidDataException">From the task: not the length or the SHA-256 that was expected.</exception>
    /// <exception cref="IOException">From the task: the file exists, is being downloaded already, or cannot be
    /// written.</exception>
    /// <exception cref="UnauthorizedAccessException">From the task: the file must not be written.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>See <see cref="Downloads"/> for the guarantees. <c>exception.Data["AsyncKit.Attempts"]</c> counts the
    /// attempts. Cost: a pooled buffer of 128 KB, some objects for each attempt, none for the bytes.</remarks>
    public static Task<DownloadResult> DownloadAsync(
        this HttpClient client,
        Uri uri,
        string path,
        DownloadOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var absolute = DownloadUri.Absolute(uri, client.BaseAddress);
        var full = Path.GetFullPath(path);
        if (Path.EndsInDirectorySeparator(full))
        {
            throw new ArgumentException($"path must name a file, not a folder; it is '{path}'.", nameof(path));
        }

        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<DownloadResult>(cancellationToken)
            : new DownloadRun(new DownloadContext(client, options ?? DownloadOptions.Default), absolute, full)
                .RunAsync(cancellationToken);
    }
}
