namespace AsyncKit.Http;

/// <summary>Reads a response into a value. A bulk GET passes its limits to it, which saves the objects of a
/// <see cref="LimitedContent"/>. The content must open at once.</summary>
internal abstract class ResponseReader<T>
{
    private static readonly ResponseScope Unlimited = new(
        Request: null, new ContentLimits(long.MaxValue, idle: null, total: null, totalName: "", TimeProvider.System));

    /// <summary>Reads a response without limits, or one whose content is limited already.</summary>
    public ValueTask<T> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        ReadAsync(response, Unlimited, cancellationToken);

    public abstract ValueTask<T> ReadAsync(
        HttpResponseMessage response, in ResponseScope scope, CancellationToken cancellationToken);
}
