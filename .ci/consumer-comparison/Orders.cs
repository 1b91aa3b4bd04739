using AsyncKit;
using AsyncKit.Comparison;

namespace Shop;

/// <summary>In a namespace, the class must not be taken for the namespace of the same name.</summary>
internal static class Orders
{
    public static Comparison Compare(int[] numbers) => new Comparison("orders")
        .Scenario("load", numbers, scenario => scenario
            .Baseline("all at once", (items, ct) => Task.WhenAll(items.Select(number => LoadAsync(number, ct))))
            .Variant("2 at once", (items, ct) => items.FanOutAsync(2, LoadAsync, ct)));

    private static async Task<int> LoadAsync(int number, CancellationToken cancellationToken)
    {
        await Task.Delay(1, cancellationToken);
        return number;
    }
}
