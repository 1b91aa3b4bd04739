namespace AsyncKit;

/// <summary>Refuses a nested fan-out that uses the gate of a fan-out around it. Its items would wait for a permit, while
/// the item around it holds one and waits for them.</summary>
/// <remarks>
/// The items of a run with a gate run in an ExecutionContext with a marker, which the first item creates and the others
/// share. So an item pays for one assignment. The source, the key function and callbacks do not see the marker: they
/// hold no permit.
/// <para>
/// The marker counts until the run completes. Work that an item starts and does not await keeps the context for longer.
/// </para>
/// </remarks>
internal sealed class GateNesting(ConcurrencyGate gate)
{
    private static readonly AsyncLocal<GateNesting?> Current = new();

    private readonly GateNesting? _outer = Current.Value; // The run is created in the flow of its caller.
    private ExecutionContext? _itemContext;
    private volatile bool _isOver;

    private ConcurrencyGate Gate => gate;

    /// <returns>Null if the caller may start a run with this gate; otherwise the exception of the run.</returns>
    public static InvalidOperationException? Refusal(ConcurrencyGate? gate)
    {
        for (var outer = gate is null ? null : Current.Value; outer is not null; outer = outer._outer)
        {
            if (outer.Gate == gate && !outer._isOver)
            {
                return new InvalidOperationException(
                    $"Gate must not be the gate of a fan-out around this one; it was {gate}. An item of that fan-out "
                    + "holds a permit and waits for this fan-out. Use another gate, or none, for the nested fan-out.");
            }
        }

        return null;
    }

    /// <summary>Marks the flow of an item, which runs in the context of the run.</summary>
    public void EnterItem()
    {
        if (_itemContext is { } context)
        {
            ExecutionContext.Restore(context);
            return;
        }

        Current.Value = this;
        _itemContext = ExecutionContext.Capture();
    }

    /// <summary>Called when the run has completed all its items.</summary>
    public void End() => _isOver = true;
}
