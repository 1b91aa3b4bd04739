using AsyncKit.Hosting;

namespace AsyncKit.Diagnostics;

/// <summary>The options of a hosted detector, and whether it is on.</summary>
internal sealed record DetectorSettings(BlockingDetectorOptions Options, bool IsEnabled = true)
{
    public static readonly SectionBinder<DetectorSettings> Section = new("BlockingDetectorOptions")
    {
        { "Enabled", SectionValue.Boolean, (settings, value) => settings with { IsEnabled = value } },
        { "WaitThreshold", SectionValue.Time, (settings, value) => settings.With(settings.Options with { WaitThreshold = value }) },
        { "PoolLatencyThreshold", SectionValue.Time, (settings, value) => settings.With(settings.Options with { PoolLatencyThreshold = value }) },
        { "PrefixThreshold", SectionValue.Time, (settings, value) => settings.With(settings.Options with { PrefixThreshold = value }) },
        { "ProbeInterval", SectionValue.Time, (settings, value) => settings.With(settings.Options with { ProbeInterval = value }) },
        { "ReportInterval", SectionValue.Time, (settings, value) => settings.With(settings.Options with { ReportInterval = value }) },
    };

    public DetectorSettings With(BlockingDetectorOptions options) => this with { Options = options };
}
