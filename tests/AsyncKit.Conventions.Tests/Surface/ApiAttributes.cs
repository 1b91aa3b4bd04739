using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AsyncKit.Conventions.Tests;

/// <summary>All attributes are part of the contract but those of the compiler and those for debuggers.</summary>
internal static class ApiAttributes
{
    private static readonly HashSet<string> Noise = new(StringComparer.Ordinal)
    {
        "AsyncIteratorStateMachineAttribute",
        "AsyncStateMachineAttribute",
        "CompilerFeatureRequiredAttribute",
        "CompilerGeneratedAttribute",
        "DebuggerDisplayAttribute",
        "DebuggerHiddenAttribute",
        "DebuggerStepThroughAttribute",
        "DebuggerTypeProxyAttribute",
        "DefaultMemberAttribute",
        "ExtensionAttribute",
        "IsByRefLikeAttribute",
        "IsReadOnlyAttribute",
        "IteratorStateMachineAttribute",
        "NullableAttribute",
        "NullableContextAttribute",
        "NullablePublicOnlyAttribute",
        "RequiredMemberAttribute",
        "StackTraceHiddenAttribute",
        "TupleElementNamesAttribute",
    };

    public static string Render(ISymbol symbol, NameShortener names)
    {
        IEnumerable<string> all =
        [
            .. Texts("", symbol.GetAttributes(), names),
            .. symbol is IMethodSymbol method ? Texts("return: ", method.GetReturnTypeAttributes(), names) : [],
            .. symbol.Parameters().SelectMany(
                parameter => Texts(parameter.Name + ": ", parameter.GetAttributes(), names)),
        ];
        return string.Concat(all.Order(StringComparer.Ordinal).Select(text => $"[{text}] "));
    }

    private static IEnumerable<string> Texts(
        string target, IEnumerable<AttributeData> attributes, NameShortener names) =>
        from attribute in attributes
        where attribute.AttributeClass is { } type && !Noise.Contains(type.Name)
        select target + Text(attribute, names);

    private static string Text(AttributeData attribute, NameShortener names)
    {
        const string Suffix = "Attribute";
        var name = names.Shorten(attribute.AttributeClass!);
        IEnumerable<string> arguments =
        [
            .. attribute.ConstructorArguments.Select(argument => argument.ToCSharpString()),
            .. attribute.NamedArguments.Select(argument => $"{argument.Key} = {argument.Value.ToCSharpString()}"),
        ];
        var list = string.Join(", ", arguments);
        var shortName = name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
        return list.Length == 0 ? shortName : $"{shortName}({list})";
    }
}
