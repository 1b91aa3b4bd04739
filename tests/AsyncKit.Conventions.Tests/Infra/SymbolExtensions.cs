using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

internal static class SymbolExtensions
{
    private const string CompilerGenerated = "CompilerGeneratedAttribute";

    public static IEnumerable<INamedTypeSymbol> AllTypes(this INamespaceOrTypeSymbol container) =>
        container.GetMembers().OfType<INamespaceOrTypeSymbol>().SelectMany(member => member is INamedTypeSymbol type
            ? [type, .. type.AllTypes()]
            : member.AllTypes());

    /// <summary>Can be named outside of the assembly.</summary>
    public static bool IsVisibleOutside(this ISymbol symbol) =>
        symbol.DeclaredAccessibility switch
        {
            Accessibility.Public => true,
            Accessibility.Protected or Accessibility.ProtectedOrInternal => !symbol.ContainingType.IsSealed,
            _ => false,
        }
        && symbol.ContainingType?.IsVisibleOutside() != false;

    /// <summary>
    /// The members that a user can name. Accessors, nested types, and members that every enum, delegate or struct has
    /// are not included.
    /// </summary>
    public static IEnumerable<ISymbol> VisibleMembers(this INamedTypeSymbol type) =>
        type.TypeKind == TypeKind.Delegate
            ? []
            : type.GetMembers().Where(member =>
                member.IsVisibleOutside()
                && !member.IsImplicitlyDeclared
                && member is not (INamedTypeSymbol or IMethodSymbol { AssociatedSymbol: not null })
                && !(type.TypeKind == TypeKind.Enum && member is not IFieldSymbol { IsConst: true }));

    /// <summary>The visible members in the source, without those that the compiler adds to a record.</summary>
    public static IEnumerable<ISymbol> WrittenMembers(this INamedTypeSymbol type) =>
        type.VisibleMembers().Where(member => !member.IsCompilerGenerated());

    public static bool IsCompilerGenerated(this ISymbol member) =>
        member.GetAttributes().Any(attribute => attribute.AttributeClass is { Name: CompilerGenerated });

    public static IReadOnlyList<IParameterSymbol> Parameters(this ISymbol member) => member switch
    {
        IMethodSymbol method => method.Parameters,
        IPropertySymbol property => property.Parameters,
        INamedTypeSymbol { DelegateInvokeMethod: { } invoke } => invoke.Parameters,
        _ => [],
    };

    public static bool IsRecordType(this INamedTypeSymbol type) =>
        type.IsRecord
        || type.GetMembers("PrintMembers").Any(member => member.IsCompilerGenerated())
        || type.GetMembers("op_Equality").Any(member => member.IsCompilerGenerated());

    /// <summary>The value's type when the type is a nullable value.</summary>
    public static ITypeSymbol Underlying(this ITypeSymbol type) =>
        type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0]
            : type;

    /// <summary>With the containing type, without namespace and type parameters.</summary>
    public static string NameInSource(this INamedTypeSymbol type) =>
        type.ContainingType is { } container ? $"{container.NameInSource()}.{type.Name}" : type.Name;

    public static string Describe(this ISymbol symbol) =>
        symbol.ToDisplayString(SymbolDisplayFormat.CSharpShortErrorMessageFormat);
}
