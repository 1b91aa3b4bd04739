using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>
/// The public surface of an assembly as sorted text: a line for each type and member, in C# where C# has words for it.
/// Of the members that the compiler adds to a record only Deconstruct is listed; the word record says the rest.
/// </summary>
internal sealed class ApiText
{
    private readonly IReadOnlyList<INamedTypeSymbol> _types;
    private readonly NameShortener _names;

    private ApiText(IReadOnlyList<INamedTypeSymbol> types, NameShortener names) => (_types, _names) = (types, names);

    public static string Render(PackageSurface surface)
    {
        var seen = new NameShortener(surface.Assembly.Name);
        _ = new ApiText(surface.Types, seen).Body(); // The first pass only learns which short names are ambiguous.
        var body = new ApiText(surface.Types, seen).Body();
        return $"""
            # The public surface of {surface.Assembly.Name}. A test reads it from the built assembly and fails when this
            # file differs; docs/CONTRIBUTING.md says how to accept a change. Short names stand for:
            {seen.Legend()}

            {body}
            """.ReplaceLineEndings("\n");
    }

    private string Body()
    {
        var text = new StringBuilder();
        var ordered = _types.OrderBy(type => type.NameInSource(), StringComparer.Ordinal).ThenBy(type => type.Arity);
        foreach (var type in ordered)
        {
            _ = text.Append(TypeLine(type)).Append('\n');
            foreach (var member in Members(type))
            {
                _ = text.Append("    ").Append(member).Append('\n');
            }

            _ = text.Append('\n');
        }

        return text.ToString().TrimEnd() + "\n";
    }

    private IEnumerable<string> Members(INamedTypeSymbol type)
    {
        var members = type.VisibleMembers().Where(member =>
            !member.IsCompilerGenerated() || member is IMethodSymbol { Name: "Deconstruct" });
        return members.Select(member => (Rank: Rank(member), Line: MemberLine(member)))
            .OrderBy(entry => entry.Rank).ThenBy(entry => entry.Line, StringComparer.Ordinal)
            .Select(entry => entry.Line);
    }

    /// <summary>The kinds of member in their usual order; the members of an enum by value.</summary>
    private static decimal Rank(ISymbol member) => member switch
    {
        IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } field =>
            Convert.ToDecimal(field.ConstantValue, CultureInfo.InvariantCulture),
        IFieldSymbol => 0,
        IMethodSymbol { MethodKind: MethodKind.Constructor } => 1,
        IPropertySymbol => 2,
        IEventSymbol => 3,
        _ => 4,
    };

    private string TypeLine(INamedTypeSymbol type)
    {
        var declared = _names.Shorten(type.ToDisplayParts(ApiFormat.Declaration));
        var attributes = ApiAttributes.Render(type, _names);
        if (type.TypeKind == TypeKind.Delegate)
        {
            return $"{attributes}{Access(type)} delegate {declared}";
        }

        var bases = Bases(type).ToList();
        var where = declared.IndexOf(" where ", StringComparison.Ordinal);
        var (name, constraints) = where < 0 ? (declared, "") : (declared[..where], declared[where..]);
        var list = bases.Count == 0 ? "" : " : " + string.Join(", ", bases);
        return $"{attributes}{Access(type)} {Kind(type)} {name}{list}{constraints}";
    }

    private static string Access(INamedTypeSymbol type) =>
        type.DeclaredAccessibility == Accessibility.Public ? "public" : "protected";

    private static string Kind(INamedTypeSymbol type)
    {
        var record = type.IsRecordType() ? "record " : "";
        return type.TypeKind switch
        {
            TypeKind.Enum => "enum",
            TypeKind.Interface => "interface",
            TypeKind.Struct =>
                $"{(type.IsReadOnly ? "readonly " : "")}{(type.IsRefLikeType ? "ref " : "")}{record}struct",
            _ when type.IsStatic => "static class",
            _ => $"{(type.IsAbstract ? "abstract " : "")}{(type.IsSealed ? "sealed " : "")}{record}class",
        };
    }

    private IEnumerable<string> Bases(INamedTypeSymbol type)
    {
        if (type.TypeKind == TypeKind.Enum)
        {
            return [Name(type.EnumUnderlyingType!)];
        }

        var interfaces = type.Interfaces.Where(one => one.IsVisibleOutside())
            .Select(Name).Order(StringComparer.Ordinal);
        return type is { TypeKind: TypeKind.Class, BaseType: { SpecialType: not SpecialType.System_Object } parent }
            ? [Name(parent), .. interfaces]
            : interfaces;
    }

    private string Name(ITypeSymbol type) => _names.Shorten(type.ToDisplayParts(ApiFormat.Member));

    private string MemberLine(ISymbol member)
    {
        var text = _names.Shorten(member.ToDisplayParts(ApiFormat.Member));
        var accessors = member is IPropertySymbol property ? Accessors(property) : "";
        return ApiAttributes.Render(member, _names) + text + accessors;
    }

    private static string Accessors(IPropertySymbol property)
    {
        IEnumerable<string> accessors =
        [
            .. Accessor(property, property.GetMethod, "get"),
            .. Accessor(property, property.SetMethod, property.SetMethod is { IsInitOnly: true } ? "init" : "set"),
        ];
        return $" {{ {string.Join(' ', accessors)} }}";
    }

    private static IEnumerable<string> Accessor(IPropertySymbol property, IMethodSymbol? accessor, string word) =>
        accessor?.IsVisibleOutside() != true ? []
        : accessor.DeclaredAccessibility == property.DeclaredAccessibility ? [word + ";"]
        : ["protected " + word + ";"];
}
