using System.Runtime.InteropServices;

namespace AsyncKit.Benchmarks;

/// <summary>The machine on which the numbers were measured.</summary>
internal sealed record Machine(string Os, string Cpu, int Cores, long MemoryBytes, string Dotnet)
{
    private const string CpuInfo = "/proc/cpuinfo";

    public static Machine Current() => new(
        RuntimeInformation.OSDescription,
        CpuName(),
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.FrameworkDescription);

    private static string CpuName()
    {
        var model = OperatingSystem.IsLinux() && File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return model?.Split(':')[^1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
