namespace AsyncKit.Hosting;

/// <summary>Specifies how long a scope of the container lasts, and so the scoped services of a handler.</summary>
public enum ConsumerScope
{
    /// <summary>Each call of the handler has a new scope, including each retry.</summary>
    PerItem,

    /// <summary>Each worker has a scope, for example with a database connection. One handler at a time uses it. After a
    /// failure it is disposed, and the next call has a new one.</summary>
    PerWorker,
}
