using System.Globalization;
using System.Runtime.InteropServices;

namespace AsyncKit.Comparison;

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

    public string Summary() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Cpu}, {Cores} cores, {MemoryBytes / (double)(1L << 30):0.0} GiB, {Os}, {Dotnet}");

    private static string CpuName()
    {
        var model = OperatingSystem.IsLinux() && File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return model?.Split(':')[^1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
