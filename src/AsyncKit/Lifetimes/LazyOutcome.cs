using System.Runtime.ExceptionServices;

namespace AsyncKit;

/// <summary>What a factory, or a wait for it, has come to.</summary>
internal readonly struct LazyOutcome<T>
{
    private readonly T _value;

    public LazyOutcome(T value) => _value = value;

    public LazyOutcome(Exception failure)
    {
        _value = default!;
        Failure = ExceptionDispatchInfo.Capture(failure);
    }

    public ExceptionDispatchInfo? Failure { get; }

    public T Value
    {
        get
        {
            Failure?.Throw();
            return _value;
        }
    }
}
