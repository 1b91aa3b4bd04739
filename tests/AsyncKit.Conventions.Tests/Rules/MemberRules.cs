using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>
/// Each rule returns a sentence for every fault that it finds in the members of a public type. The rules ignore members
/// that the compiler adds to a record, and the signatures of delegates.
/// </summary>
internal static class MemberRules
{
    private static readonly string[] WordsOfTime =
        ["Ms", "Millis", "Milliseconds", "Seconds", "Minutes", "Timeout", "Delay", "Interval", "Duration"];

    /// <summary>Methods whose suffix is not what their return type says, each with the reason.</summary>
    public static IReadOnlyDictionary<string, string> SuffixExceptions { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["TaskScope.Run"] = "It starts work that the scope owns and awaits. Its task may be dropped, and the suffix "
                + "would say that it must be awaited.",
            ["AsyncScope.DeferAsync"] = "What it takes is awaited, at the end, under a token. Defer takes a cleanup without one.",
        };

    public static IEnumerable<string> TokenLast(INamedTypeSymbol type) =>
        from member in type.WrittenMembers()
        let parameters = member.Parameters()
        from parameter in parameters
        where parameter.Type.Underlying() is { Name: nameof(CancellationToken) }
        from fault in TokenFaults(parameter, parameters[^1])
        select $"{member.Describe()}: {fault}";

    public static IEnumerable<string> AsyncSuffix(INamedTypeSymbol type) =>
        from method in type.WrittenMembers().OfType<IMethodSymbol>()
        where method.MethodKind == MethodKind.Ordinary
        let isSuffixed = method.Name.EndsWith("Async", StringComparison.Ordinal)
        where isSuffixed != IsAwaitable(method.ReturnType)
        where !SuffixExceptions.ContainsKey($"{type.Name}.{method.Name}")
        select isSuffixed
            ? $"{method.Describe()} ends in Async and returns nothing to await."
            : $"{method.Describe()} returns something to await and does not end in Async.";

    /// <summary>For the name and the type of each member and of each of its parameters.</summary>
    public static IEnumerable<string> TimeIsTimeSpan(INamedTypeSymbol type) =>
        from member in type.WrittenMembers()
        from symbol in member.Parameters().Prepend(member)
        where IsNumber(TypeOf(symbol)) && WordsOfTime.Any(word => EndsInWord(symbol.Name, word))
        select $"{member.Describe()}: {symbol.Name} is a number, not a TimeSpan.";

    public static IEnumerable<string> NoKnownExtensionName(INamedTypeSymbol type, IReadOnlySet<string> known) =>
        from method in type.WrittenMembers().OfType<IMethodSymbol>()
        where method.IsExtensionMethod && known.Contains(method.Name)
        select $"{method.Describe()} has the name of a method of .NET.";

    public static IEnumerable<string> NoBools(INamedTypeSymbol type) =>
        from member in type.WrittenMembers()
        from parameter in member.Parameters()
        where parameter.RefKind != RefKind.Out && parameter.Type.Underlying().SpecialType == SpecialType.System_Boolean
        select $"{member.Describe()}: {parameter.Name} is a bool; an enum would say what it means.";

    private static IEnumerable<string> TokenFaults(IParameterSymbol token, IParameterSymbol last)
    {
        if (!SymbolEqualityComparer.Default.Equals(token, last))
        {
            yield return $"{token.Name} is a CancellationToken and not the last parameter.";
        }

        if (!string.Equals(token.Name, "cancellationToken", StringComparison.Ordinal))
        {
            yield return $"{token.Name} is a CancellationToken and is not named cancellationToken.";
        }

        if (token.Type.Name is not nameof(CancellationToken) || !token.HasExplicitDefaultValue)
        {
            yield return $"{token.Name} is a CancellationToken and not optional (= default).";
        }
    }

    private static bool IsAwaitable(ITypeSymbol type) =>
        type.GetMembers("GetAwaiter").OfType<IMethodSymbol>().Any(method => method.Parameters.IsEmpty)
        || (type.BaseType is { } parent && IsAwaitable(parent));

    private static ITypeSymbol? TypeOf(ISymbol symbol) => symbol switch
    {
        IParameterSymbol parameter => parameter.Type,
        IPropertySymbol property => property.Type,
        IFieldSymbol { ContainingType.TypeKind: not TypeKind.Enum } field => field.Type,
        IMethodSymbol method => method.ReturnType,
        _ => null,
    };

    private static bool IsNumber(ITypeSymbol? type) =>
        type?.Underlying().SpecialType is >= SpecialType.System_SByte and <= SpecialType.System_Double;

    private static bool EndsInWord(string name, string word) =>
        name.EndsWith(word, StringComparison.Ordinal) || string.Equals(name, word, StringComparison.OrdinalIgnoreCase);
}
