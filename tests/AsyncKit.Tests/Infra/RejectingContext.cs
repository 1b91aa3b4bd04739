namespace AsyncKit.Tests;

/// <summary>The context of a window that was closed: rejects every continuation.</summary>
internal sealed class RejectingContext : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => throw new InvalidOperationException("closed");

    /// <summary>Calls a function on this context.</summary>
    public static T Call<T>(Func<T> function)
    {
        var before = Current;
        SetSynchronizationContext(new RejectingContext());
        try
        {
            return function();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }
}
