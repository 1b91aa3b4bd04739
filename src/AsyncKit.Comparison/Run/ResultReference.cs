using System.Collections;
using System.Globalization;

namespace AsyncKit.Comparison;

/// <summary>The result of the baseline, which the result of each round is compared with.</summary>
internal sealed class ResultReference(object? expected, Func<object?, object?, bool> areSame)
{
    private const int MaxText = 160;

    private readonly List<object?>? _items = ItemsOf(expected);

    /// <summary>Returns the first difference, or null.</summary>
    public string? DifferenceOf(object? actual)
    {
        if (_items is null || ItemsOf(actual) is not { } items)
        {
            return areSame(expected, actual) ? null : $"the result is {Text(actual)} instead of {Text(expected)}";
        }

        if (items.Count != _items.Count)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{items.Count} results instead of {_items.Count}");
        }

        for (var index = 0; index < items.Count; index++)
        {
            if (!areSame(_items[index], items[index]))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"result {index} is {Text(items[index])} instead of {Text(_items[index])}");
            }
        }

        return null;
    }

    /// <summary>Null for a result that is not a sequence.</summary>
    private static List<object?>? ItemsOf(object? result) =>
        result is IEnumerable sequence and not string ? [.. sequence.Cast<object?>()] : null;

    private static string Text(object? value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return value is null ? "null" : text.Length > MaxText ? $"'{text[..MaxText]}...'" : $"'{text}'";
    }
}
