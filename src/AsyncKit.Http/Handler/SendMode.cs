namespace AsyncKit.Http;

/// <summary>Which of the two methods of the next handler is called.</summary>
internal enum SendMode
{
    Async,
    Blocking,
}
