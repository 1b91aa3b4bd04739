namespace AsyncKit.Http.Tests;

/// <summary>A snapshot of a request at its arrival.</summary>
internal sealed record StubRequest(HttpMethod Method, Uri Uri, string? Credentials, string? Body);
