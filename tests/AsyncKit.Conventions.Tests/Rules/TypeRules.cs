using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>Each rule gives a sentence for every fault it finds in a public type.</summary>
internal static class TypeRules
{
    public static IEnumerable<string> OneNamespace(INamedTypeSymbol type, string package)
    {
        var space = type.ContainingNamespace.ToDisplayString();
        return string.Equals(space, package, StringComparison.Ordinal)
            ? []
            : [$"{type.NameInSource()} is in {space}, not in {package}."];
    }

    public static IEnumerable<string> SealedOrStatic(INamedTypeSymbol type) => type switch
    {
        { TypeKind: TypeKind.Class, IsSealed: false, IsStatic: false } =>
            [$"{type.NameInSource()} is neither sealed nor static."],
        { TypeKind: TypeKind.Struct, IsReadOnly: false } => [$"{type.NameInSource()} is not a readonly struct."],
        _ => [],
    };

    /// <summary>Members that the compiler adds to a record and constructors without parameters need no documentation.</summary>
    public static IEnumerable<string> Documented(INamedTypeSymbol type, XmlDocs docs) =>
        type.WrittenMembers()
            .Where(member =>
                member is not IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.IsEmpty: true })
            .Prepend(type)
            .SelectMany(symbol => DocFaults(symbol, docs));

    /// <summary>The entry points need an example: a method of a static class, on the class or on one of its overloads,
    /// and a class that a user creates, on the class or on its factory. Options do not, since they are an
    /// argument.</summary>
    public static IEnumerable<string> HasExample(INamedTypeSymbol type, XmlDocs docs)
    {
        if (docs.HasExample(type) || type.TypeKind != TypeKind.Class || type.IsRecordType() || IsData(type))
        {
            return [];
        }

        var methods = type.WrittenMembers().OfType<IMethodSymbol>().ToList();
        if (type.IsStatic)
        {
            return methods.GroupBy(method => method.Name, StringComparer.Ordinal)
                .Where(overloads => !overloads.Any(docs.HasExample))
                .Select(overloads => $"{overloads.First().Describe()} has no example, and neither has another overload.");
        }

        var creating = methods.Where(method => method.IsStatic || method.MethodKind == MethodKind.Constructor)
            .Where(method => method.MethodKind is MethodKind.Constructor or MethodKind.Ordinary)
            .ToList();
        return creating.Count == 0 || creating.Any(docs.HasExample) ? [] : [$"{type.Describe()} has no example."];
    }

    private static bool IsData(INamedTypeSymbol type) =>
        type.Name.EndsWith("Options", StringComparison.Ordinal) || type.Name.EndsWith("Exception", StringComparison.Ordinal);

    private static IEnumerable<string> DocFaults(ISymbol symbol, XmlDocs docs)
    {
        var member = docs.Of(symbol);
        if (member?.Element("inheritdoc") is not null)
        {
            yield break;
        }

        if (string.IsNullOrWhiteSpace(member?.Element("summary")?.Value))
        {
            yield return $"{symbol.Describe()} has no summary.";
        }

        foreach (var parameter in symbol.Parameters())
        {
            var param = member?.Elements("param").FirstOrDefault(element =>
                string.Equals(element.Attribute("name")?.Value, parameter.Name, StringComparison.Ordinal));
            if (string.IsNullOrWhiteSpace(param?.Value))
            {
                yield return $"{symbol.Describe()} does not document the parameter {parameter.Name}.";
            }
        }
    }
}
