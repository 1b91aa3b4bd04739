using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AsyncKit.Http;
using AsyncKit.RabbitMQ;

namespace AsyncKit.Hosting.Tests;

/// <summary>The instruments of AsyncKit: names and units by OpenTelemetry's conventions, boundaries of histograms, and the
/// queries of the dashboard.</summary>
public sealed partial class InstrumentTests : IClassFixture<NothingLeftBehind>
{
    /// <summary>The classes that create instruments, in their type initializers. Those of consumers come from a container.</summary>
    private static readonly Type[] Owners =
    [
        .. from assembly in new[] { typeof(FanOut).Assembly, typeof(AsyncKitHttpOptions).Assembly, typeof(RabbitRemote).Assembly }
           from type in assembly.GetTypes()
           where !type.ContainsGenericParameters
               && type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Any(field => IsInstrument(field.FieldType))
           select type,
    ];

    private static readonly Lazy<List<Instrument>> Instruments = new(Find);

    public static TheoryData<string> Names => [.. Instruments.Value.Select(instrument => instrument.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_instrument_follows_the_conventions_of_OpenTelemetry(string name)
    {
        var instrument = Instruments.Value.Single(one => string.Equals(one.Name, name, StringComparison.Ordinal));

        Assert.Matches(@"^asynckit(\.[a-z]+)+$", name);
        Assert.Matches(@"^(s|\{[a-z]+\})$", instrument.Unit);
        Assert.Equal(instrument is Histogram<double>, name.EndsWith(".duration", StringComparison.Ordinal));
        Assert.False(string.IsNullOrEmpty(instrument.Description));
        if (instrument is Histogram<double> histogram)
        {
            var boundaries = histogram.Advice!.HistogramBucketBoundaries!;
            Assert.Equal((0.001, 300), (boundaries[0], boundaries[^1]));
            Assert.Equal(boundaries.Order(), boundaries);
        }
    }

    [Theory]
    [InlineData("diagnostics.md", AsyncKitDiagnostics.MeterName)]
    [InlineData("scale-out.md", RabbitDiagnostics.MeterName)]
    public void The_docs_list_every_instrument_with_its_unit(string page, string meter)
    {
        var instruments = InstrumentsOf(meter).Select(instrument => $"{instrument.Name} {instrument.Unit}");

        Assert.Equal(instruments.Order(StringComparer.Ordinal), Documented(page).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_query_of_the_dashboard_uses_exported_names_and_tags()
    {
        var exported = InstrumentsOf(AsyncKitDiagnostics.MeterName).SelectMany(Exported).ToHashSet(StringComparer.Ordinal);
        string[] tags = ["asynckit_name", "asynckit_outcome", "asynckit_gate_name", "asynckit_lane_name", "asynckit_pool_name", "asynckit_pool_reason", "asynckit_consumer_name"];

        var used = Queries().SelectMany(query => Name().Matches(query)).Select(match => match.Value)
            .Distinct(StringComparer.Ordinal).ToList();

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(exported, StringComparer.Ordinal).Except(tags, StringComparer.Ordinal));
    }

    [Fact]
    public void The_dashboard_shows_every_instrument_but_the_limit_of_pools_and_the_wait_of_items()
    {
        var queries = string.Join('\n', Queries());

        var missing = InstrumentsOf(AsyncKitDiagnostics.MeterName)
            .Where(instrument => !Exported(instrument).Any(name => queries.Contains(name, StringComparison.Ordinal)))
            .Select(instrument => instrument.Name);

        Assert.Equal(
            ["asynckit.fanout.item.wait.duration", "asynckit.pool.limit", "asynckit.pool.wait.duration"],
            missing.Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    /// <summary>The names that OpenTelemetry's exporters for Prometheus give an instrument: underscores, the unit unless it is
    /// in braces, and a suffix for counters and for the series of histograms.</summary>
    private static IEnumerable<string> Exported(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_') + (instrument.Unit is "s" ? "_seconds" : "");
        return instrument switch
        {
            Histogram<double> => [$"{name}_bucket", $"{name}_sum", $"{name}_count"],
            Counter<long> or ObservableCounter<long> => [$"{name}_total"],
            _ => [name],
        };
    }

    /// <summary>Returns the names and units in the tables of a page. A cell can have several: the names after the first are
    /// written without its beginning, and one unit is that of all.</summary>
    private static IEnumerable<string> Documented(string page)
    {
        foreach (var cells in File.ReadLines(Path.Combine(Docs, page)).Select(line => line.Split('|')).Where(cells => cells.Length > 3))
        {
            var names = Code().Matches(cells[1]).Select(match => match.Groups["name"].Value).ToList();
            var units = Unit().Matches(cells[2]).Select(match => match.Value).ToList();
            if (names is [var first, ..] && first.StartsWith("asynckit.", StringComparison.Ordinal) && units.Count > 0)
            {
                var start = string.Join('.', first.Split('.')[..2]);
                for (var i = 0; i < names.Count; i++)
                {
                    yield return $"{(i == 0 ? first : start + names[i])} {(units.Count == 1 ? units[0] : units[i])}";
                }
            }
        }
    }

    private static IEnumerable<Instrument> InstrumentsOf(string meter) =>
        Instruments.Value.Where(instrument => string.Equals(instrument.Meter.Name, meter, StringComparison.Ordinal));

    private static bool IsInstrument(Type type) => type.IsAssignableTo(typeof(Instrument)) || type.Name is "InstanceMetrics`1";

    private static string Docs => Path.Combine(
        new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!.FullName, "docs");

    private static IEnumerable<string> Queries()
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(Docs, "samples", "dashboards", "asynckit.json")))!;
        return dashboard["panels"]!.AsArray()
            .SelectMany(panel => panel!["targets"]!.AsArray())
            .Select(target => (string)target!["expr"]!);
    }

    private static List<Instrument> Find()
    {
        Array.ForEach(Owners, type => RuntimeHelpers.RunClassConstructor(type.TypeHandle));
        using var container = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = container.GetRequiredService<IMeterFactory>();
        _ = new ConsumerMetrics(factory);
        var found = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name is AsyncKitDiagnostics.MeterName or RabbitDiagnostics.MeterName
                && (instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, factory)))
            {
                found.Add(instrument);
            }
        };
        listener.Start();
        return found;
    }

    [GeneratedRegex("asynckit_[a-z_]+", RegexOptions.None, 1000)]
    private static partial Regex Name();

    [GeneratedRegex("`(?<name>[a-z.]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    [GeneratedRegex(@"\{[a-z]+\}|(?<![\w'])s(?![\w'])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Unit();
}
