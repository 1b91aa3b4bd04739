namespace AsyncKit;

/// <summary>A pool of whatever, as far as it is measured.</summary>
internal interface IPool
{
    string? Name { get; }

    int Rented { get; }

    int Idle { get; }

    int Waiting { get; }

    int MaxSize { get; }
}
