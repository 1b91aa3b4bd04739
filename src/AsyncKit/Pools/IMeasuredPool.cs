namespace AsyncKit;

/// <summary>The values of an <see cref="AsyncPool{T}"/> that metrics report, for any type of items.</summary>
internal interface IMeasuredPool
{
    string? Name { get; }

    int Rented { get; }

    int Idle { get; }

    int Waiting { get; }

    int MaxSize { get; }
}
