using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AsyncKit.Diagnostics;
using AsyncKit.Http;
using AsyncKit.RabbitMQ;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace AsyncKit.Hosting.Tests;

/// <summary>Every option of every type in JSON: bound if it is right, reported by name at the start of the host if it is
/// wrong.</summary>
public sealed class SectionTests : IClassFixture<NothingLeftBehind>
{
    private const string Adaptive = """{ "Min": 2, "Max": 50, "Start": 3, "DecreaseTo": 0.5, "Cooldown": "00:00:02" }""";
    private const string Retry =
        """{ "MaxAttempts": 3, "Backoff": "Linear(00:00:01, 00:00:05)", "AttemptTimeout": "00:00:06", "TotalTimeout": "Infinite", "MaxDelayHint": "00:00:07", "Name": "r", "Budget": { "Ratio": 0.1, "MinPerSecond": 5 } }""";

    private const string Budget = """{ "Ratio": 3, "MinPerSecond": 2 }""";

    /// <summary>Each key of a section, a right value and what the option prints then, and a wrong value and the end of its
    /// message. Each option inside a section has a case, too. No right value is the default.</summary>
    private static readonly Case[] Cases =
    [
        new(Lane, "Name", "'other'", "other", "''", " must not be null or empty."),
        new(Lane, "MaxThreads", "4", "4", "0", " must be at least 1; it was 0."),
        new(Lane, "MaxQueued", "5", "5", "-1", " must be at least 0, or null; it was -1."),
        new(Lane, "WhenFull", "'reject'", "Reject", "'Drop'", " must be Wait or Reject; it was 'Drop'."),
        new(Lane, "IdleTimeout", "'00:00:05'", "00:00:05", "30", " must be a time such as 00:00:30, or Infinite; it was '30'."),

        .. AdaptiveCases(Gate, "Adaptive"),
        new(Gate, "Limit", "7", "7", "100001", " must be from 0 to 100000; it was 100001."),

        .. RetryCases(Consumer, "FanOut:Retry"),
        new(Consumer, "FanOut", "{ 'MaxConcurrency': 6 }", null, "6", " must be a section; it was '6'."),
        new(Consumer, "FanOut:MaxConcurrency", "6", "6", "'many'", " must be an integer; it was 'many'."),
        new(Consumer, "FanOut:OnFailure", "'StopAtFirst'", "StopAtFirst", "'9'", " must be StopAtFirst or RunToEnd; it was '9'."),
        new(Consumer, "FanOut:Lookahead", "9", "9", "-1", " must be from 0 to 1048576, or null; it was -1."),
        new(Consumer, "FanOut:ItemTimeout", "'00:01:00'", "00:01:00", "'-00:00:05'", " must be at least 0 ms, or Timeout.InfiniteTimeSpan; it was -5 s."),
        new(Consumer, "FanOut:SlowItemThreshold", "'00:00:20'", "00:00:20", "'00:00:00'", " must be from 1 ms to 49 days, or null; it was 0 ms."),
        new(Consumer, "FanOut:Name", "'n'", "n", "{ 'A': 1 }", " must be a text; it was a section."),
        new(Consumer, "FanOut:ProgressInterval", "'00:00:09'", "00:00:09", "'00:00:00'", " must be from 1 ms to 49 days; it was 0 ms."),
        new(Consumer, "Scope", "'PerWorker'", "PerWorker", "'PerHost'", " must be PerItem or PerWorker; it was 'PerHost'."),
        new(Consumer, "WhenSourceFails", "'Restart'", "Restart", "'Ignore'", " must be StopHost or Restart; it was 'Ignore'."),
        new(Consumer, "RestartBackoff", "'Constant(00:00:02)'", "Constant(00:00:02)", "'Linear(00:00:05, 00:00:01)'", " must be None, Constant(delay), Linear(step, max) or Exponential(first, max) with times such as 00:00:01; it was 'Linear(00:00:05, 00:00:01)'."),
        new(Consumer, "AbortTimeout", "'00:00:08'", "00:00:08", "'-00:00:08'", " must be at least 0 ms, or Timeout.InfiniteTimeSpan; it was -8 s."),

        new(Health, "StuckAfter", "'00:02:00'", "00:02:00", "'00:00:00'", " must be at least 0.0001 ms, or Timeout.InfiniteTimeSpan; it was 0 ms."),
        new(Health, "MaxFailureRatio", "0.25", "0.25", "'NaN'", " must be from 0 to 1; it was NaN."),
        new(Health, "MinItems", "3", "3", "0", " must be at least 1; it was 0."),
        new(Health, "Window", "'00:05:00'", "00:05:00", "'00:00:01'", " must be from 5 s to 1 h; it was 1 s."),

        .. AdaptiveCases(Http, "AdaptiveLimitPerHost"),
        .. RetryCases(Http, "Retry"),
        new(LaneHealth, "MaxWait", "'00:02:00'", "00:02:00", "'Infinite'", " must be at least 0.0001 ms; it was infinite."),
        new(GateHealth, "MaxWait", "'00:00:00.5'", "00:00:00.5000000", "'00:00:00'", " must be at least 0.0001 ms; it was 0 ms."),
        new(PoolHealth, "MaxLatency", "'00:00:00.5'", "00:00:00.5000000", "1", " must be a time such as 00:00:30, or Infinite; it was '1'."),

        new(Http, "MaxConcurrencyPerHost", "8", "8", "0", " must be from 1 to 100000, or null; it was 0."),
        new(Http, "RetriedMethods", "[ 'GET', 'POST' ]", "GET POST", "'GET'", " must be a list; it was 'GET'."),
        new(Http, "RetriedMethods:0", "'POST'", "POST", "'G T'", " must be an HTTP method such as GET; it was 'G T'."),
        new(Http, "ReadIdleTimeout", "'00:00:04'", "00:00:04", "'-00:00:04'", " must be at least 0 ms, or Timeout.InfiniteTimeSpan; it was -4 s."),

        new(Remote, "MaxMessageBytes", "2048", "2048", "0", " must be from 1 to 536870912; it was 0."),
        new(Remote, "PublishTimeout", "'00:00:05'", "00:00:05", "'Infinite'", " must be from 0.0001 ms to 49 days; it was infinite."),
        new(Remote, "ReplyQueueExpiry", "'00:01:00'", "00:01:00", "'00:00:00'", " must be from 1 s to 24 days; it was 0 ms."),
        new(Remote, "ReconnectDelay", "'Constant(00:00:01)'", "Constant(00:00:01)", "'soon'", " must be None, Constant(delay), Linear(step, max) or Exponential(first, max) with times such as 00:00:01; it was 'soon'."),
        new(Remote, "ClientName", "'n'", "n", "[ 1 ]", " must be a text; it was a section."),
        new(Worker, "MaxConcurrency", "4", "4", "65536", " must be from 1 to 65535; it was 65536."),
        new(Worker, "Lookahead", "32", "32", "-1", " must be from 0 to 65535; it was -1."),
        new(Worker, "MaxDeliveries", "3", "3", "20", " must be from 1 to 19; it was 20."),
        new(Worker, "ItemTimeout", "'00:01:00'", "00:01:00", "'00:00:00'", " must be from 0.0001 ms to 24 days; it was 0 ms."),
        new(Worker, "DrainTimeout", "'00:00:05'", "00:00:05", "'-00:00:05'", " must be from 0 ms to 24 days; it was -5 s."),

        new(Detector, "Enabled", "false", "False", "'off'", " must be true or false; it was 'off'."),
        new(Detector, "WaitThreshold", "'00:00:01'", "00:00:01", "'-00:00:01'", " must be at least 0 ms, or Timeout.InfiniteTimeSpan; it was -1 s."),
        new(Detector, "PoolLatencyThreshold", "'00:00:01'", "00:00:01", "'00:00:00'", " must be at least 1 ms, or Timeout.InfiniteTimeSpan; it was 0 ms."),
        new(Detector, "PrefixThreshold", "'00:00:01'", "00:00:01", "'-00:00:01'", " must be at least 0 ms, or Timeout.InfiniteTimeSpan; it was -1 s."),
        new(Detector, "ProbeInterval", "'00:00:01'", "00:00:01", "'02:00:00'", " must be from 1 ms to 1 h; it was 2 h."),
        new(Detector, "ReportInterval", "'00:00:01'", "00:00:01", "'-00:00:01'", " must be at least 0 ms; it was -1 s."),
    ];

    private static readonly Uri NoBroker = new("amqp://127.0.0.1:1/");
    private static readonly JsonTypeInfo<int> Number =
        JsonMetadataServices.CreateValueInfo<int>(new JsonSerializerOptions(), JsonMetadataServices.Int32Converter);

    private static Case[] AdaptiveCases(Subject subject, string key) =>
    [
        new(subject, key, Adaptive, "AdaptiveLimit { Min = 2, Max = 50, Start = 3, DecreaseTo = 0.5, Cooldown = 00:00:02 }", "3", " must be a section; it was '3'."),
        new(subject, $"{key}:Min", "50", "50", "0", " must be from 1 to 100000; it was 0."),
        new(subject, $"{key}:Max", "60", "60", "0", " must be from 2 to 100000; it was 0."),
        new(subject, $"{key}:Start", "4", "4", "1", " must be from 2 to 50; it was 1."),
        new(subject, $"{key}:DecreaseTo", "0.6", "0.6", "1.0", " must be from 0.1 to 0.99; it was 1."),
        new(subject, $"{key}:Cooldown", "'00:00:03'", "00:00:03", "'-00:00:01'", " must be at least 0 ms; it was -1 s."),
    ];

    private static Case[] RetryCases(Subject subject, string key) =>
    [
        new(subject, key, Retry, null, "'often'", " must be a section; it was 'often'."),
        new(subject, $"{key}:MaxAttempts", "5", "5", "0", " must be at least 1; it was 0."),
        new(subject, $"{key}:Backoff", "'Exponential(00:00:01, 00:00:10)'", "Exponential(00:00:01, 00:00:10)", "'Fast(00:00:01)'", " must be None, Constant(delay), Linear(step, max) or Exponential(first, max) with times such as 00:00:01; it was 'Fast(00:00:01)'."),
        new(subject, $"{key}:AttemptTimeout", "'00:00:01'", "00:00:01", "'1 s'", " must be a time such as 00:00:30, or Infinite; it was '1 s'."),
        new(subject, $"{key}:TotalTimeout", "'Infinite'", "-00:00:00.0010000", "''", " must be a time such as 00:00:30, or Infinite; it was ''."),
        new(subject, $"{key}:MaxDelayHint", "'00:00:01'", "00:00:01", "'-00:00:01'", " must be from 0 ms to 49 days; it was -1 s."),
        new(subject, $"{key}:Name", "'n'", "n", "[ 1 ]", " must be a text; it was a section."),
        new(subject, $"{key}:Budget", Budget, "3 retries for each operation, 2 for free", "1", " must be a section; it was '1'."),
        new(subject, $"{key}:Budget:Ratio", "2", "2 retries for each operation, 1 for free", "11", " must be from 0 to 10; it was 11."),
        new(subject, $"{key}:Budget:MinPerSecond", "2", "1 retries for each operation, 2 for free", "-1", " must be from 0 to 1000000; it was -1."),
    ];

    private static Subject Lane => new(
        "Lane",
        """{ "MaxThreads": 2 }""",
        (services, section) => services.AddBlockingLane("x", section),
        services => BoundOptions<BlockingLaneOptions>.Get(services, "x"),
        typeof(BlockingLaneOptions));

    private static Subject Gate => new(
        "Gate",
        "{}",
        (services, section) => services.AddConcurrencyGate("x", section),
        services => BoundOptions<HostingSections.GateValues>.Get(services, "x"),
        typeof(HostingSections.GateValues));

    private static Subject Consumer => new(
        "Consumer",
        """{ "FanOut": { "MaxConcurrency": 2 } }""",
        (services, section) => services.AddFanOutConsumer<int>("x", _ => Endless(), section, (_, _, _) => Task.CompletedTask),
        services => BoundOptions<FanOutConsumerOptions>.Get(services, "x"),
        typeof(FanOutConsumerOptions));

    private static Subject Health => new(
        "Health",
        "{}",
        (services, section) => services.AddHealthChecks().AddFanOutConsumer("x", section),
        services => BoundOptions<FanOutConsumerHealthOptions>.Get(services, "x"),
        typeof(FanOutConsumerHealthOptions));

    private static Subject LaneHealth => new(
        "LaneHealth",
        "{}",
        (services, section) => services.AddBlockingLane("x", 1).AddHealthChecks().AddBlockingLane("x", section),
        services => BoundOptions<WaitLimit>.Get(services, "lane:x"),
        typeof(WaitLimit));

    private static Subject GateHealth => new(
        "GateHealth",
        "{}",
        (services, section) => services.AddConcurrencyGate("x", 1).AddHealthChecks().AddConcurrencyGate("x", section),
        services => BoundOptions<WaitLimit>.Get(services, "gate:x"),
        typeof(WaitLimit));

    private static Subject PoolHealth => new(
        "PoolHealth",
        "{}",
        (services, section) => services.AddHealthChecks().AddThreadPool(section),
        services => BoundOptions<LatencyLimit>.Get(services, "threadpool"),
        typeof(LatencyLimit));

    private static Subject Http => new(
        "Http",
        "{}",
        (services, section) => services.AddHttpClient("x").AddAsyncKit(section),
        services => services.GetRequiredService<IOptionsMonitor<AsyncKitHttpOptions>>().Get("x"),
        typeof(AsyncKitHttpOptions));

    private static Subject Remote => new(
        "Remote",
        "{}",
        (services, section) => services.AddRabbitRemote(_ => NoBroker, section),
        services => Bound(typeof(RabbitRemoteOptions), services, ""),
        typeof(RabbitRemoteOptions));

    private static Subject Worker => new(
        "Worker",
        """{ "MaxConcurrency": 2 }""",
        (services, section) => services.AddRabbitRemote(NoBroker).AddRemoteWorker(
            "x", section, Number, Number, (IServiceProvider _, int item, CancellationToken _) => Task.FromResult(item)),
        services => Bound(typeof(RabbitServeOptions), services, "x"),
        typeof(RabbitServeOptions));

    private static Subject Detector => new(
        "Detector",
        "{}",
        (services, section) => services.AddBlockingDetector(section),
        Settings,
        typeof(BlockingDetectorOptions));

    public static TheoryData<string, string> AllCases
    {
        get
        {
            var data = new TheoryData<string, string>();
            Array.ForEach(Cases, one => data.Add(one.Subject.Name, one.Key));
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(AllCases))]
    public async Task An_option_is_bound_from_json_and_a_wrong_value_is_reported_at_the_start(string subject, string key)
    {
        var one = Cases.Single(one => (one.Subject.Name, one.Key) == (subject, key));

        await using (var host = Host(one.Subject, one.Json(one.Right)))
        {
            host.Services.GetRequiredService<IStartupValidator>().Validate(); // As a start does, which needs a broker.
            var printed = Print(Value(one.Subject.Get(host.Services), key));
            Assert.Equal(one.Printed ?? printed, printed);
            Assert.NotEqual(await DefaultAsync(one), printed, StringComparer.Ordinal);
        }

        await using var wrong = Host(one.Subject, one.Json(one.Wrong));
        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(wrong.StartAsync);
        Assert.Equal([$"X:{key}{one.Message}"], thrown.Failures, StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("Lane", "MaxThread", "IdleTimeout, MaxQueued, MaxThreads, Name, WhenFull")]
    [InlineData("Http", "Retry:MaxAttempt", "AttemptTimeout, Backoff, Budget, MaxAttempts, MaxDelayHint, Name, TotalTimeout")]
    public async Task A_misspelled_key_is_reported_at_the_start(string subject, string key, string keys)
    {
        var one = Cases.First(one => string.Equals(one.Subject.Name, subject, StringComparison.Ordinal));

        await using var host = Host(one.Subject, (one with { Key = key }).Json("1"));
        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        var fault = Assert.Single(thrown.Failures);
        Assert.StartsWith($"X:{key} is not an option of ", fault, StringComparison.Ordinal);
        Assert.EndsWith($"; the options are {keys}.", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_of_a_section_are_reported_at_once()
    {
        await using var host = Host(Lane, """{ "MaxQueued": -1, "Threads": 3 }""");

        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Equal(
            [
                "X:MaxQueued must be at least 0, or null; it was -1.",
                "X:Threads is not an option of BlockingLaneOptions; the options are IdleTimeout, MaxQueued, MaxThreads, Name, WhenFull.",
                "X:MaxThreads must be set.",
            ],
            thrown.Failures, StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("Lane", "X:MaxThreads must be set.")]
    [InlineData("Gate", "X must contain either Limit or Adaptive.")]
    [InlineData("Consumer", "X:FanOut must be set.")]
    public async Task A_section_that_does_not_exist_lacks_what_is_required(string subject, string fault)
    {
        var one = Cases.First(one => string.Equals(one.Subject.Name, subject, StringComparison.Ordinal));
        await using var host = Host(one.Subject, "{}");

        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Equal([fault], thrown.Failures, StringComparer.Ordinal);
    }

    [Fact]
    public async Task The_faults_of_a_registration_that_a_later_one_replaced_do_not_count()
    {
        await using var host = TestHost.Create(services => services
            .AddConcurrencyGate("x", Section("""{ "Limit": -1 }"""))
            .AddConcurrencyGate("x", limit: 3)
            .AddBlockingLane("x", Section("{}"))
            .AddBlockingLane("x", maxThreads: 2));

        await host.StartAsync();

        Assert.Equal(3, host.Services.GetRequiredKeyedService<ConcurrencyGate>("x").Limit);
        Assert.Equal(2, host.Services.GetRequiredKeyedService<BlockingLane>("x").MaxThreads);
    }

    [Fact]
    public async Task A_change_of_the_configuration_has_no_effect_on_a_running_host()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>("X:Limit", "3")]).Build();
        await using var host = TestHost.Create(services => services.AddConcurrencyGate("x", configuration.GetSection("X")));
        await host.StartAsync();

        configuration["X:Limit"] = "-1";
        configuration.Reload();

        Assert.Equal(3, host.Services.GetRequiredKeyedService<ConcurrencyGate>("x").Limit);
        Assert.Equal(3, BoundOptions<HostingSections.GateValues>.Get(host.Services, "x").Limit);
    }

    [Fact]
    public async Task A_null_keeps_the_default()
    {
        await using var host = Host(Lane, """{ "MaxThreads": 2, "MaxQueued": null, "IdleTimeout": null }""");
        await host.StartAsync();

        Assert.Equal(new BlockingLaneOptions { Name = "x", MaxThreads = 2 }, BoundOptions<BlockingLaneOptions>.Get(host.Services, "x"));
    }

    [Fact]
    public async Task Options_that_exclude_each_other_are_reported_at_the_start()
    {
        await using var http = TestHost.Create(services => services.AddHttpClient("x").AddAsyncKit(options =>
        {
            options.MaxConcurrencyPerHost = 1;
            options.AdaptiveLimitPerHost = new AdaptiveLimit(1, 2);
        }));
        await using var consumer = TestHost.Create(services => services.AddFanOutConsumer<int>(
            "x",
            _ => Endless(),
            new FanOutConsumerOptions { FanOut = new(1) { DrainToken = new CancellationToken(canceled: true) } },
            (_, _, _) => Task.CompletedTask));

        Assert.Equal(
            ["The options of the client 'x': MaxConcurrencyPerHost (1) and AdaptiveLimitPerHost must not be set together."],
            (await Assert.ThrowsAsync<OptionsValidationException>(http.StartAsync)).Failures,
            StringComparer.Ordinal);
        Assert.Equal(
            ["The consumer 'x': FanOut.DrainToken must not be set; the host drains the consumer."],
            (await Assert.ThrowsAsync<OptionsValidationException>(consumer.StartAsync)).Failures,
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task An_action_that_sets_a_wrong_value_fails_the_start_and_not_the_first_client()
    {
        await using var host = TestHost.Create(
            services => services.AddHttpClient("x").AddAsyncKit(options => options.MaxConcurrencyPerHost = 0));

        var thrown = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(host.StartAsync);

        Assert.Equal("MaxConcurrencyPerHost", thrown.ParamName);
    }

    [Fact]
    public async Task The_defaults_of_all_clients_are_bound_and_validated_too()
    {
        await using var host = TestHost.Create(services =>
        {
            services.ConfigureHttpClientDefaults(client => client.AddAsyncKit(Section("""{ "MaxConcurrencyPerHost": 3 }""")));
            services.AddHttpClient("any");
        });
        await host.StartAsync();
        await using var wrong = TestHost.Create(services => services.ConfigureHttpClientDefaults(
            client => client.AddAsyncKit(Section("""{ "MaxConcurrencyPerHost": 0 }"""))));

        Assert.Equal(3, host.Services.GetRequiredService<IOptionsMonitor<AsyncKitHttpOptions>>().Get("any").MaxConcurrencyPerHost);
        await Assert.ThrowsAsync<OptionsValidationException>(wrong.StartAsync);
    }

    /// <summary>Every type of options that a registration takes, and that those contain, has cases.</summary>
    [Fact]
    public void Every_type_of_options_that_a_registration_takes_has_cases()
    {
        var tested = WithParts(Subjects.Select(subject => subject.Type));

        Assert.Contains(typeof(FanOutConsumerHealthOptions), Registered);
        Assert.Contains(typeof(RetryOptions), Registered);
        Assert.Empty(Registered.Except(tested).Select(type => type.FullName));
    }

    /// <summary>An option that no section can contain comes from code only: a function, a service or a token.</summary>
    [Fact]
    public void Every_option_that_is_not_from_code_has_a_case()
    {
        var keys = Subjects.SelectMany(subject => Keys(subject.Type, $"{subject.Name}:")).ToHashSet(StringComparer.Ordinal);

        Assert.Contains("Http:Retry:Budget:Ratio", keys);
        Assert.Empty(keys.Except(Cases.Select(one => $"{one.Subject.Name}:{one.Key}"), StringComparer.Ordinal));
    }

    [Fact]
    public void Every_registration_with_options_or_a_limit_also_takes_a_section()
    {
        var methods = Registrations.GroupBy(method => $"{method.DeclaringType!.Name}.{method.Name}", StringComparer.Ordinal);

        var missing = methods
            .Where(group => group.Any(HasSettings)
                && !group.Any(method => method.GetParameters().Any(one => one.ParameterType == typeof(IConfigurationSection))))
            .Select(group => group.Key);

        Assert.Empty(missing);
    }

    private static IEnumerable<Subject> Subjects => Cases.Select(one => one.Subject).DistinctBy(one => one.Name, StringComparer.Ordinal);

    /// <summary>The public extension methods that add something to a container.</summary>
    private static IEnumerable<MethodInfo> Registrations =>
        from assembly in new[] { typeof(FanOutConsumer).Assembly, typeof(AsyncKitHttpOptions).Assembly, typeof(BlockingDetector).Assembly, typeof(RabbitRemote).Assembly }
        from type in assembly.GetExportedTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static)
        where method.IsDefined(typeof(ExtensionAttribute))
            && (method.GetParameters()[0].ParameterType == typeof(IServiceCollection)
                || method.GetParameters()[0].ParameterType == typeof(IHealthChecksBuilder)
                || method.GetParameters()[0].ParameterType == typeof(IHttpClientBuilder))
        select method;

    private static HashSet<Type> Registered => WithParts(Registrations.SelectMany(Options));

    /// <summary>Returns the types and those of the options inside them.</summary>
    private static HashSet<Type> WithParts(IEnumerable<Type> types)
    {
        var found = new HashSet<Type>();
        var open = new Queue<Type>(types);
        while (open.TryDequeue(out var type))
        {
            if (found.Add(type))
            {
                foreach (var (_, part) in Values(type).Where(value => IsOptions(value.Type)))
                {
                    open.Enqueue(part);
                }
            }
        }

        return found;
    }

    /// <summary>Returns the keys of a section, and those inside its sections.</summary>
    private static IEnumerable<string> Keys(Type type, string prefix) => Values(type).SelectMany(value => IsOptions(value.Type)
        ? Keys(value.Type, $"{prefix}{value.Name}:").Prepend(prefix + value.Name)
        : [prefix + value.Name]);

    /// <summary>Returns the options of a type that a section can contain. A budget has no properties: it keeps what its
    /// constructor got.</summary>
    private static IEnumerable<(string Name, Type Type)> Values(Type type)
    {
        var values = type == typeof(RetryBudget)
            ? type.GetConstructors().Single().GetParameters().Select(one => (char.ToUpperInvariant(one.Name![0]) + one.Name[1..], one.ParameterType))
            : type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(one => (one.Name, one.PropertyType));
        return values.Where(value => !IsFromCode(value.Item2) && !IsNotBound(type, value.Item1));
    }

    private static bool HasSettings(MethodInfo method) =>
        Options(method).Any() || method.GetParameters().Any(one => one.ParameterType == typeof(TimeSpan?) || one.ParameterType == typeof(int));

    private static IEnumerable<Type> Options(MethodInfo method) => method.GetParameters()
        .SelectMany(parameter => parameter.ParameterType.GenericTypeArguments.Append(parameter.ParameterType))
        .Where(IsOptions);

    private static bool IsOptions(Type type) =>
        type == typeof(AdaptiveLimit)
        || type == typeof(RetryBudget)
        || (type.Name.EndsWith("Options", StringComparison.Ordinal) && type.FullName!.StartsWith("AsyncKit.", StringComparison.Ordinal));

    private static bool IsFromCode(Type type) =>
        type.IsAssignableTo(typeof(Delegate))
        || type == typeof(ILogger)
        || type == typeof(TimeProvider)
        || type == typeof(CancellationToken)
        || type == typeof(ConcurrencyGate)
        || type == typeof(FanOutPartition)
        || type == typeof(IProgress<FanOutProgress>)
        || type == typeof(System.Threading.RateLimiting.RateLimiter)
        || type == typeof(Polly.ResiliencePipeline);

    /// <summary>A consumer returns no results, so their order is not an option.</summary>
    private static bool IsNotBound(Type type, string property) => type == typeof(FanOutOptions) && property is "Order";

    /// <summary>Returns bound options of AsyncKit.RabbitMQ, which contains the linked class of AsyncKit.Hosting.</summary>
    private static object Bound(Type type, IServiceProvider services, string name) =>
        typeof(RabbitRemote).Assembly.GetType("AsyncKit.Hosting.BoundOptions`1")!.MakeGenericType(type)
            .GetMethod("Get")!.Invoke(null, [services, name])!;

    private static object Settings(IServiceProvider services)
    {
        var service = services.GetServices<IHostedService>().Single(one => one.GetType().Name is "BlockingDetectorService");
        var settings = service.GetType().GetFields(BindingFlags.NonPublic | BindingFlags.Instance)
            .Select(field => field.GetValue(service)).Single(value => value?.GetType().Name is "DetectorSettings")!;
        return settings;
    }

    /// <summary>Returns what the option prints if the section does not contain it; null if it must.</summary>
    private static async Task<string?> DefaultAsync(Case one)
    {
        await using var host = Host(one.Subject, one.Base());
        try
        {
            return Print(Value(one.Subject.Get(host.Services), one.Key));
        }
        catch (OptionsValidationException)
        {
            return null;
        }
    }

    /// <summary>Follows the key through the properties. A list is its own last step.</summary>
    private static object? Value(object? options, string key)
    {
        foreach (var name in key.Split(':'))
        {
            if (options?.GetType().Name is "DetectorSettings")
            {
                options = name is "Enabled" ? Read(options, "IsEnabled") : Read(Read(options, "Options")!, name);
            }
            else if (options?.GetType().GetProperty(name) is not null)
            {
                options = Read(options, name);
            }
        }

        return options;

        static object? Read(object target, string name) => target.GetType().GetProperty(name)!.GetValue(target);
    }

    private static string Print(object? value) => value switch
    {
        IEnumerable<HttpMethod> methods => string.Join(' ', methods),
        RetryBudget budget => Print(budget),
        _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}"),
    };

    /// <summary>A budget has no properties, and counting its retries takes time, which gives it more.</summary>
    private static string Print(RetryBudget budget)
    {
        return FormattableString.Invariant(
            $"{(long)Field("_deposit") / 1e6} retries for each operation, {Field("_minPerSecond")} for free");

        object Field(string name) =>
            typeof(RetryBudget).GetField(name, BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(budget)!;
    }

    private static TestHost Host(Subject subject, string json) =>
        TestHost.Create(services => subject.Add(services, Section(json)));

    private static IConfigurationSection Section(string json) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "X": {{json.Replace('\'', '"')}} }""")))
        .Build()
        .GetSection("X");

    private static async IAsyncEnumerable<int> Endless([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        yield break;
    }

    /// <param name="Name">The name in the list of tests.</param>
    /// <param name="Base">The section without the option of the case.</param>
    /// <param name="Add">Adds the section to the services.</param>
    /// <param name="Get">Returns the bound options.</param>
    /// <param name="Type">The type whose properties, and those of the options inside, the cases must contain.</param>
    private sealed record Subject(
        string Name,
        string Base,
        Action<IServiceCollection, IConfigurationSection> Add,
        Func<IServiceProvider, object> Get,
        Type Type);

    private sealed record Case(Subject Subject, string Key, string Right, string? Printed, string Wrong, string Message)
    {
        /// <summary>Returns the section with one more value.</summary>
        public string Json(string value)
        {
            var root = System.Text.Json.Nodes.JsonNode.Parse(Base())!;
            var steps = Key.Split(':');
            var node = root;
            foreach (var step in steps[..^1])
            {
                node = node[step] ??= step is "RetriedMethods" ? new System.Text.Json.Nodes.JsonArray("GET") : new System.Text.Json.Nodes.JsonObject();
            }

            var parsed = System.Text.Json.Nodes.JsonNode.Parse(value.Replace('\'', '"'));
            if (node is System.Text.Json.Nodes.JsonArray list)
            {
                list[0] = parsed;
            }
            else
            {
                node[steps[^1]] = parsed;
            }

            return root.ToJsonString();
        }

        /// <summary>An option inside a section with required keys needs those.</summary>
        public string Base() => Key.Split(':') switch
        {
            ["Adaptive", _] => """{ "Adaptive": { "Min": 2, "Max": 50 } }""",
            ["AdaptiveLimitPerHost", _] => """{ "AdaptiveLimitPerHost": { "Min": 2, "Max": 50 } }""",
            ["Retry", "Budget", _] => """{ "Retry": { "Budget": { "Ratio": 1, "MinPerSecond": 1 } } }""",
            ["FanOut", "Retry", "Budget", _] =>
                """{ "FanOut": { "MaxConcurrency": 2, "Retry": { "Budget": { "Ratio": 1, "MinPerSecond": 1 } } } }""",
            _ => Subject.Base,
        };
    }
}
