using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>The live instances of a type, for instruments that read their values on collection. Keeps no instance
/// alive.</summary>
/// <typeparam name="T">The type of the instances.</typeparam>
/// <param name="prefix">The start of each instrument's name, for example "asynckit.gate". The tag with the instance's
/// name is this and ".name".</param>
/// <param name="nameOf">Returns the name of an instance; null for an instance without the tag.</param>
/// <remarks>Instances with the same name are one series: their values are added. So names, not instances, determine the
/// number of series.</remarks>
internal sealed class InstanceMetrics<T>(string prefix, Func<T, string?> nameOf)
    where T : class
{
    private readonly ConditionalWeakTable<T, object?> _instances = [];
    private readonly string _nameTag = $"{prefix}.name";

    public void Add(T instance) => _instances.Add(instance, null);

    /// <summary>Removes an instance before it is collected as garbage, for example when it is disposed.</summary>
    public void Remove(T instance) => _instances.Remove(instance);

    /// <summary>Creates an up-down counter that adds up a value of the live instances.</summary>
    public void Observe(string name, string unit, string description, Func<T, int> value) =>
        Telemetry.Meter.CreateObservableUpDownCounter(
            $"{prefix}.{name}",
            () => _instances.GroupBy(entry => nameOf(entry.Key), StringComparer.Ordinal).Select(
                group => new Measurement<int>(group.Sum(entry => value(entry.Key)), TagsOf(group.Key))),
            unit,
            description);

    public TagList TagsOf(T instance) => TagsOf(nameOf(instance));

    private TagList TagsOf(string? name)
    {
        TagList tags = default;
        if (name is not null)
        {
            tags.Add(_nameTag, name);
        }

        return tags;
    }
}
