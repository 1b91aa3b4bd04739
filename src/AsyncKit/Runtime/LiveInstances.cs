using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Which objects of a kind live, for instruments that read the numbers of the moment. Keeps nothing alive.
/// Those with the same name are added up, so that the names say how many series there are.</summary>
internal sealed class LiveInstances<T>(string nameTag, Func<T, string?> nameOf)
    where T : class
{
    private readonly ConditionalWeakTable<T, object?> _instances = [];

    public void Add(T instance) => _instances.Add(instance, null);

    public IEnumerable<Measurement<int>> Sums(Func<T, int> number) => _instances
        .Select(one => one.Key)
        .GroupBy(nameOf, StringComparer.Ordinal)
        .Select(group => new Measurement<int>(group.Sum(number), TagsOf(group.Key)));

    public KeyValuePair<string, object?>[] TagsOf(string? name) => name is null ? [] : [new(nameTag, name)];
}
