using Microsoft.CodeAnalysis;
using static Microsoft.CodeAnalysis.SymbolDisplayDelegateStyle;
using static Microsoft.CodeAnalysis.SymbolDisplayExtensionMethodStyle;
using static Microsoft.CodeAnalysis.SymbolDisplayGenericsOptions;
using static Microsoft.CodeAnalysis.SymbolDisplayMemberOptions;
using static Microsoft.CodeAnalysis.SymbolDisplayMiscellaneousOptions;
using static Microsoft.CodeAnalysis.SymbolDisplayParameterOptions;

namespace AsyncKit.Conventions.Tests;

/// <summary>How symbols are written; namespaces are included so that <see cref="NameShortener"/> sees them.</summary>
internal static class ApiFormat
{
    private const SymbolDisplayMiscellaneousOptions Words =
        UseSpecialTypes | EscapeKeywordIdentifiers | IncludeNullableReferenceTypeModifier | AllowDefaultLiteral;

    private const SymbolDisplayParameterOptions Parameters =
        SymbolDisplayParameterOptions.IncludeType | IncludeName | IncludeDefaultValue | IncludeExtensionThis
        | SymbolDisplayParameterOptions.IncludeModifiers;

    private const SymbolDisplayMemberOptions Members =
        SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeModifiers | IncludeAccessibility
        | IncludeParameters | IncludeConstantValue | SymbolDisplayMemberOptions.IncludeRef;

    public static SymbolDisplayFormat Member { get; } = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces,
        genericsOptions: IncludeTypeParameters | IncludeTypeConstraints,
        memberOptions: Members,
        extensionMethodStyle: StaticMethod,
        parameterOptions: Parameters,
        kindOptions: SymbolDisplayKindOptions.IncludeMemberKeyword,
        miscellaneousOptions: Words);

    /// <summary>A type where it is declared: with variance, and the whole signature of a delegate.</summary>
    public static SymbolDisplayFormat Declaration { get; } = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces,
        genericsOptions: IncludeTypeParameters | IncludeTypeConstraints | IncludeVariance,
        delegateStyle: NameAndSignature,
        parameterOptions: Parameters,
        kindOptions: SymbolDisplayKindOptions.None,
        miscellaneousOptions: Words);
}
