namespace AsyncKit.Benchmarks;

/// <summary>What a benchmark is to reach, mostly against the baseline beside it in the same run.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class TargetAttribute(string what) : Attribute
{
    public string What { get; } = what;

    /// <summary>The method it is compared with, and how that is called in the table.</summary>
    public string? Against { get; set; }

    /// <summary>Only for the case with this value of the parameter; null for any.</summary>
    public object? Case { get; set; }

    public double TimeRatio { get; set; } = double.NaN;

    public double BytesRatio { get; set; } = double.NaN;

    /// <summary>Per operation.</summary>
    public double ExtraBytes { get; set; } = double.NaN;

    /// <summary>Per operation, in all.</summary>
    public double Bytes { get; set; } = double.NaN;

    public double Milliseconds { get; set; } = double.NaN;

    public double Microseconds { get; set; } = double.NaN;

    /// <summary>Of unrelated work that waits for a pool thread.</summary>
    public double PoolP99Milliseconds { get; set; } = double.NaN;

    public double PeakLiveBytes { get; set; } = double.NaN;
}
