using System.Diagnostics.Tracing;
using System.Globalization;

namespace AsyncKit.Diagnostics;

/// <summary>Counts the threads that the runtime adds to the thread pool because of starvation, from its events.</summary>
internal sealed class ThreadInjectionListener : EventListener
{
    private const string Source = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords Threading = (EventKeywords)0x10000;
    private const int Adjustment = 55;
    private const int ReasonAt = 2;
    private const uint Starvation = 6;

    private int _count;

    /// <summary>Returns the number of threads added since the last call.</summary>
    public int Take() => Interlocked.Exchange(ref _count, 0);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (string.Equals(eventSource.Name, Source, StringComparison.Ordinal))
        {
            EnableEvents(eventSource, EventLevel.Informational, Threading);
        }
    }

    /// <summary>Runs on a thread of the runtime, a moment after the event.</summary>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData is { EventId: Adjustment, Payload.Count: > ReasonAt }
            && Convert.ToUInt32(eventData.Payload[ReasonAt], CultureInfo.InvariantCulture) == Starvation)
        {
            Interlocked.Increment(ref _count);
        }
    }
}
