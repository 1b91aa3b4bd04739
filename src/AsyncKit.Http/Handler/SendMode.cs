namespace AsyncKit.Http;

/// <summary>Specifies the method of the inner handler to call.</summary>
internal enum SendMode
{
    Async,
    Blocking,
}
