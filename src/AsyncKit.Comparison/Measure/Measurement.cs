using System.Diagnostics;

namespace AsyncKit.Comparison;

/// <summary>The cost of one round of one variant.</summary>
/// <param name="Seconds">Wall time.</param>
/// <param name="CpuSeconds">Processor time of the whole process.</param>
/// <param name="AllocatedBytes">Managed bytes allocated, by all threads.</param>
/// <param name="Seen">The readings of the probe during the round.</param>
internal sealed record Measurement(double Seconds, double CpuSeconds, long AllocatedBytes, ProbeReading Seen)
{
    /// <summary>Runs the work while the probe watches. The work starts on the calling thread.</summary>
    public static (Measurement Measured, T Result) Of<T>(Func<Task<T>> work)
    {
        using var probe = Probe.Start();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();
        var result = work().GetAwaiter().GetResult();
        var elapsed = Stopwatch.GetElapsedTime(started);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return (new Measurement(elapsed.TotalSeconds, cpu.TotalSeconds, allocated, probe.Stop()), result);
    }
}
