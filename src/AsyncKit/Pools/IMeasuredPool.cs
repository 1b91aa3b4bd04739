namespace AsyncKit;

/// <summary>A pool of whatever, as far as it is measured.</summary>
internal interface IMeasuredPool
{
    string? Name { get; }

    int Rented { get; }

    int Idle { get; }

    int Waiting { get; }

    int MaxSize { get; }
}
