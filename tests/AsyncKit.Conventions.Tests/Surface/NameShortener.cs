using System.Text;
using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>Writes type names without their namespace where that is clear, and remembers what they stand for.</summary>
internal sealed class NameShortener(string ownNamespace)
{
    private readonly Dictionary<string, SortedSet<string>> _namespacesByName = new(StringComparer.Ordinal);

    public string Shorten(IEnumerable<SymbolDisplayPart> parts)
    {
        var text = new StringBuilder();
        var prefix = "";
        foreach (var part in parts)
        {
            if (part.Kind == SymbolDisplayPartKind.NamespaceName || (prefix.Length > 0 && !prefix.EndsWith('.')))
            {
                prefix += part;
                continue;
            }

            var isClear = prefix.Length > 0 && IsClear(part.ToString(), prefix.TrimEnd('.'));
            _ = text.Append(isClear ? "" : prefix).Append(part);
            prefix = "";
        }

        return text.ToString();
    }

    public string Shorten(INamedTypeSymbol type) => Shorten(type.ToDisplayParts(ApiFormat.Member));

    /// <summary>A comment line for each namespace, with the names that come from it.</summary>
    public string Legend() => string.Join('\n', _namespacesByName
        .SelectMany(entry => entry.Value.Select(space => (Space: space, Name: entry.Key)))
        .Where(entry => !string.Equals(entry.Space, ownNamespace, StringComparison.Ordinal))
        .GroupBy(entry => entry.Space, entry => entry.Name, StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => $"#   {group.Key}: {string.Join(", ", group.Order(StringComparer.Ordinal))}"));

    private bool IsClear(string name, string space)
    {
        if (!_namespacesByName.TryGetValue(name, out var spaces))
        {
            _namespacesByName.Add(name, spaces = new SortedSet<string>(StringComparer.Ordinal));
        }

        _ = spaces.Add(space);
        return spaces.Count == 1;
    }
}
