using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AsyncKit.Hosting;

/// <summary>Immutable options as the options of .NET: named, created once, validated when the host starts.</summary>
/// <typeparam name="TOptions">The type of the options.</typeparam>
internal sealed class BoundOptions<TOptions>
    where TOptions : class
{
    private TOptions? _value;

    /// <param name="services">The services to add to.</param>
    /// <param name="name">The name of the options.</param>
    /// <param name="read">Returns the options. The sentences that it adds to the collection are the faults of the
    /// configuration.</param>
    public static void Add(
        IServiceCollection services, string name, Func<IServiceProvider, ICollection<string>, TOptions> read) =>
        services.AddOptions<BoundOptions<TOptions>>(name)
            .Configure<IServiceProvider>((bound, provider) =>
            {
                var faults = new List<string>();
                var value = read(provider, faults);
                bound._value = faults.Count == 0
                    ? value
                    : throw new OptionsValidationException(name, typeof(TOptions), faults);
            })
            .ValidateOnStart();

    public static TOptions Get(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<BoundOptions<TOptions>>>().Get(name)._value!;
}
