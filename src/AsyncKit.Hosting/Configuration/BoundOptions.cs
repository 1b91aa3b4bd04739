using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AsyncKit.Hosting;

/// <summary>Immutable options as the options of .NET: named, created once, validated when the host starts.</summary>
/// <typeparam name="TOptions">The type of the options.</typeparam>
internal sealed class BoundOptions<TOptions>
    where TOptions : class
{
    private TOptions? _value;

    private delegate TOptions Reader(IServiceProvider provider, ICollection<string> faults);

    /// <param name="services">The services to add to.</param>
    /// <param name="name">The name of the options. A later call with the same name replaces an earlier one.</param>
    /// <param name="read">Returns the options. The sentences that it adds to the collection are the faults of the
    /// configuration.</param>
    public static void Add(
        IServiceCollection services, string name, Func<IServiceProvider, ICollection<string>, TOptions> read)
    {
        var isAdded = services.Any(one => one.ServiceType == typeof(Reader) && name.Equals(one.ServiceKey));
        services.AddKeyedSingleton(name, new Reader(read)); // The last one counts, so the faults of a replaced one do not.
        if (!isAdded)
        {
            services.AddOptions<BoundOptions<TOptions>>(name)
                .Configure<IServiceProvider>((bound, provider) => bound.Read(provider, name))
                .ValidateOnStart();
        }
    }

    public static TOptions Get(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<BoundOptions<TOptions>>>().Get(name)._value!;

    private void Read(IServiceProvider provider, string name)
    {
        var faults = new List<string>();
        var value = provider.GetRequiredKeyedService<Reader>(name)(provider, faults);
        _value = faults.Count == 0 ? value : throw new OptionsValidationException(name, typeof(TOptions), faults);
    }
}
