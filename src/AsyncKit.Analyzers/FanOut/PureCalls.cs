using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Decides which calls cannot be noticed by other operations, so that their order does not matter.</summary>
internal static class PureCalls
{
    private const int MaxDepth = 4;

    private static readonly HashSet<string> PureTypes = new(
        [
            "Math", "MathF", "Path", "Convert", "Enumerable", "Uri", "Guid", "TimeSpan", "DateTimeOffset", "DateOnly", "TimeOnly",
            "Regex", "JsonSerializer", "WebUtility", "HttpUtility", "BitConverter", "KeyValuePair", "Tuple", "ValueTuple",
            "CultureInfo", "HashCode", "ImmutableArray", "ImmutableList", "FrozenSet", "FrozenDictionary", "MemoryExtensions",
            "ArgumentNullException", "ArgumentException", "Index", "Range", "Version", "BigInteger", "SHA256", "SHA1", "MD5",
        ],
        StringComparer.Ordinal);

    private static readonly HashSet<string> Mutators = new(
        [
            "Add", "AddRange", "TryAdd", "AddOrUpdate", "Insert", "Remove", "RemoveAt", "RemoveAll", "TryRemove", "Clear", "Enqueue",
            "Dequeue", "TryDequeue", "Push", "Pop", "TryPop", "Append", "AppendLine", "Set", "Increment", "Decrement", "Exchange",
        ],
        StringComparer.Ordinal);

    /// <summary>Whether a call has no effect but its result: a method of a value that cannot change, or a static method
    /// whose source shows it.</summary>
    public static bool IsPure(IMethodSymbol method, CancellationToken cancellationToken) =>
        IsPureType(method.ContainingType)
        || (method.IsStatic && IsPure(method, MaxDepth, cancellationToken));

    /// <summary>Whether the source of a method shows that it changes state that outlives the call.</summary>
    public static bool ChangesState(IMethodSymbol method, CancellationToken cancellationToken) =>
        ChangesState(method, MaxDepth, cancellationToken);

    private static bool IsPureType(INamedTypeSymbol? type) =>
        type is not null
        && (type.SpecialType is not (SpecialType.None or SpecialType.System_Object or SpecialType.System_Array)
            || (PureTypes.Contains(type.Name) && IsOfPlatform(type)));

    private static bool IsOfPlatform(INamedTypeSymbol type)
    {
        var outermost = type.ContainingNamespace;
        while (outermost is { ContainingNamespace.IsGlobalNamespace: false })
        {
            outermost = outermost.ContainingNamespace;
        }

        return outermost is { Name: "System" };
    }

    private static bool IsPure(IMethodSymbol method, int depth, CancellationToken cancellationToken)
    {
        var sources = SourcesOf(method, cancellationToken);
        return depth > 0 && sources.Count > 0 && sources.All(source =>
        {
            var own = DeclaredNames(source);
            return source.DescendantNodes().All(node => !IsWrite(node, own)
                && (node is not InvocationExpressionSyntax call
                    || IsOwn(TargetOf(call), own)
                    || NamesPureType(TargetOf(call))
                    || (SiblingsOf(call, method).ToList() is { Count: > 0 } siblings
                        && siblings.All(sibling => IsPure(sibling, depth - 1, cancellationToken)))));
        });
    }

    private static bool ChangesState(IMethodSymbol method, int depth, CancellationToken cancellationToken) =>
        depth > 0 && SourcesOf(method, cancellationToken).Any(source =>
        {
            var own = DeclaredNames(source);
            return source.DescendantNodes().Any(node => IsWrite(node, own)
                || (node is InvocationExpressionSyntax call
                    && ((Mutators.Contains(NameOf(call)) && !IsOwn(TargetOf(call), own))
                        || SiblingsOf(call, method).Any(sibling => ChangesState(sibling, depth - 1, cancellationToken)))));
        });

    private static List<SyntaxNode> SourcesOf(IMethodSymbol method, CancellationToken cancellationToken) =>
        [.. (method.ReducedFrom ?? method).OriginalDefinition.DeclaringSyntaxReferences
            .Select(reference => reference.GetSyntax(cancellationToken))
            .Where(source => source is BaseMethodDeclarationSyntax { Body: not null } or BaseMethodDeclarationSyntax { ExpressionBody: not null }
                or LocalFunctionStatementSyntax)];

    /// <summary>The methods of the same type that a call without a receiver may mean.</summary>
    private static IEnumerable<IMethodSymbol> SiblingsOf(InvocationExpressionSyntax call, IMethodSymbol method) =>
        call.Expression is SimpleNameSyntax or MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax }
            ? method.ContainingType.GetMembers(NameOf(call)).OfType<IMethodSymbol>()
            : [];

    private static HashSet<string> DeclaredNames(SyntaxNode source) => new(
        source.DescendantNodes().Select(node => node switch
        {
            ParameterSyntax parameter => parameter.Identifier.ValueText,
            VariableDeclaratorSyntax declarator => declarator.Identifier.ValueText,
            SingleVariableDesignationSyntax designation => designation.Identifier.ValueText,
            ForEachStatementSyntax loop => loop.Identifier.ValueText,
            _ => "",
        }),
        StringComparer.Ordinal);

    private static bool IsWrite(SyntaxNode node, HashSet<string> own) => node switch
    {
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } => false,
        AssignmentExpressionSyntax assignment => !IsOwn(assignment.Left, own),
        PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression or (int)SyntaxKind.PreDecrementExpression } step =>
            !IsOwn(step.Operand, own),
        PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PostIncrementExpression or (int)SyntaxKind.PostDecrementExpression } step =>
            !IsOwn(step.Operand, own),
        ArgumentSyntax { RefKindKeyword.RawKind: (int)SyntaxKind.RefKeyword or (int)SyntaxKind.OutKeyword } argument =>
            argument.Expression is not DeclarationExpressionSyntax && !IsOwn(argument.Expression, own),
        _ => false,
    };

    /// <summary>The receiver of a call, or null.</summary>
    private static ExpressionSyntax? TargetOf(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax access => access.Expression,
        MemberBindingExpressionSyntax => call.FirstAncestorOrSelf<ConditionalAccessExpressionSyntax>()?.Expression,
        _ => null,
    };

    private static string NameOf(InvocationExpressionSyntax call) => call.Expression switch
    {
        SimpleNameSyntax name => name.Identifier.ValueText,
        MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
        MemberBindingExpressionSyntax binding => binding.Name.Identifier.ValueText,
        _ => "",
    };

    /// <summary>Whether an expression starts with a name that the source declares, or with a new value.</summary>
    private static bool IsOwn(ExpressionSyntax? expression, HashSet<string> own) => expression switch
    {
        IdentifierNameSyntax name => own.Contains(name.Identifier.ValueText) || name.Identifier.ValueText is "_",
        MemberAccessExpressionSyntax access => IsOwn(access.Expression, own),
        ElementAccessExpressionSyntax element => IsOwn(element.Expression, own),
        InvocationExpressionSyntax call => IsOwn(TargetOf(call), own) || NamesPureType(TargetOf(call)),
        ConditionalAccessExpressionSyntax access => IsOwn(access.Expression, own),
        ParenthesizedExpressionSyntax inner => IsOwn(inner.Expression, own),
        PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } sure => IsOwn(sure.Operand, own),
        TupleExpressionSyntax tuple => tuple.Arguments.All(argument => IsOwn(argument.Expression, own)),
        DeclarationExpressionSyntax or BaseObjectCreationExpressionSyntax or LiteralExpressionSyntax
            or InterpolatedStringExpressionSyntax or AwaitExpressionSyntax => true,
        _ => false,
    };

    private static bool NamesPureType(ExpressionSyntax? expression) => expression switch
    {
        PredefinedTypeSyntax => true,
        IdentifierNameSyntax name => PureTypes.Contains(name.Identifier.ValueText),
        MemberAccessExpressionSyntax access => PureTypes.Contains(access.Name.Identifier.ValueText),
        _ => false,
    };
}
