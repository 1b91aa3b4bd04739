namespace AsyncKit.Benchmarks;

/// <summary>The target of a benchmark, mostly relative to the baseline in the same run.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class TargetAttribute(string what) : Attribute
{
    public string What { get; } = what;

    /// <summary>The method of the baseline, and its name in the table.</summary>
    public string? Against { get; set; }

    /// <summary>The value of the parameter for which the target applies; null for any.</summary>
    public object? Case { get; set; }

    public double TimeRatio { get; set; } = double.NaN;

    public double BytesRatio { get; set; } = double.NaN;

    /// <summary>The maximum number of bytes per operation above those of the baseline.</summary>
    public double ExtraBytes { get; set; } = double.NaN;

    /// <summary>The maximum number of bytes per operation.</summary>
    public double Bytes { get; set; } = double.NaN;

    public double Milliseconds { get; set; } = double.NaN;

    public double Microseconds { get; set; } = double.NaN;

    /// <summary>The maximum wait of unrelated work for a thread-pool thread.</summary>
    public double PoolP99Milliseconds { get; set; } = double.NaN;

    public double PeakLiveBytes { get; set; } = double.NaN;
}
