namespace AsyncKit.Http.Tests;

/// <summary>A request as it was when it arrived.</summary>
internal sealed record StubRequest(HttpMethod Method, Uri Uri, string? Credentials, string? Body);
