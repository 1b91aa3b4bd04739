using System.Diagnostics.Tracing;
using System.Globalization;

namespace AsyncKit;

/// <summary>Counts the threads that the runtime adds to the pool because of starvation, from its own events.</summary>
internal sealed class ThreadInjectionListener : EventListener
{
    private const string Source = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords Threading = (EventKeywords)0x10000;
    private const int Adjustment = 55;
    private const int ReasonAt = 2;
    private const uint Starvation = 6;

    private int _count;

    /// <returns>How many since the last call.</returns>
    public int Take() => Interlocked.Exchange(ref _count, 0);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (string.Equals(eventSource.Name, Source, StringComparison.Ordinal))
        {
            EnableEvents(eventSource, EventLevel.Informational, Threading);
        }
    }

    /// <summary>On a thread of the runtime's, a moment later.</summary>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData is { EventId: Adjustment, Payload.Count: > ReasonAt }
            && Convert.ToUInt32(eventData.Payload[ReasonAt], CultureInfo.InvariantCulture) == Starvation)
        {
            Interlocked.Increment(ref _count);
        }
    }
}
