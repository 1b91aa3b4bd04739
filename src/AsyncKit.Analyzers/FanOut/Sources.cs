using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Decides what the items of a loop or of a query are and how many there may be.</summary>
internal static class Sources
{
    /// <summary>Whether a fan-out can enumerate a value instead of the code: its type has one kind of items, and no
    /// query provider runs while the operations run.</summary>
    public static bool IsSequenceOf(IOperation source, ITypeSymbol item, KnownSymbols symbols)
    {
        var sequences = source.Type is null or { TypeKind: TypeKind.Dynamic } ? [] : SequencesOf(source.Type).ToList();
        return sequences.Count == 1
            && SymbolEqualityComparer.Default.Equals(sequences[0].TypeArguments[0], item)
            && item is not { IsRefLikeType: true }
            && source is not ICollectionExpressionOperation
            && !Chain(source).Any(part => IsQuery(part.Type, symbols));
    }

    /// <summary>Whether the code shows that a source has few items: a literal, also as the initial value of a local or a
    /// read-only field, a range, or the values of an enum.</summary>
    public static bool IsSmall(IOperation source, int maxItems, CancellationToken cancellationToken) =>
        Chain(source).Any(part =>
            IsPart(part, maxItems)
            || (part is IInvocationOperation { TargetMethod: { Name: "GetValues", ContainingType.SpecialType: SpecialType.System_Enum } })
            || LengthOf(part.InitialValueOfLocal() ?? part) <= maxItems
            || LengthOfField(part, cancellationToken) <= maxItems);

    /// <summary>Whether a source may be a batch: a part of the items, whose number the code chose.</summary>
    public static bool IsBatch(IOperation source) => Chain(source).Any(part =>
        part is IInvocationOperation { TargetMethod.Name: "Chunk" or "Batch" or "Buffer" or "GetRange" or "Slice" }
        || (part is IInvocationOperation { TargetMethod.Name: "Take", Arguments: { Length: > 0 } count }
            && !count[count.Length - 1].Value.Unwrap().ConstantValue.HasValue)
        || (part is ILocalReferenceOperation { Local: var local }
            && (IsNamedBatch(local.Name) || EnumeratedIn(local, part) is { } batches && IsBatch(batches)))
        || (part is IParameterReferenceOperation { Parameter.Name: var name } && IsNamedBatch(name)));

    /// <summary>A source and what it is made of: the receivers of the calls, and the initial values of locals.</summary>
    public static IEnumerable<IOperation> Chain(IOperation source)
    {
        for (var (current, steps) = (source.Unwrap(), 0); current is not null && steps < 16; steps++)
        {
            yield return current;
            var next = current switch
            {
                IInvocationOperation { Instance: { } instance } => instance,
                IInvocationOperation { TargetMethod.IsExtensionMethod: true, Arguments: { Length: > 0 } arguments } => arguments[0].Value,
                IAwaitOperation awaited => awaited.Operation,
                ILocalReferenceOperation local => local.InitialValueOfLocal(),
                _ => null,
            };
            current = next?.Unwrap();
        }
    }

    private static IEnumerable<INamedTypeSymbol> SequencesOf(ITypeSymbol type) =>
        (type is INamedTypeSymbol named ? type.AllInterfaces.Add(named) : type.AllInterfaces)
        .Where(one => one.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T);

    public static bool IsQuery(ITypeSymbol? type, KnownSymbols symbols) =>
        type is not null
        && (symbols.Is(type, KnownSymbols.Queryable) || type.AllInterfaces.Any(one => symbols.Is(one, KnownSymbols.Queryable)));

    private static int? LengthOf(IOperation? value) => value?.Unwrap() switch
    {
        IArrayCreationOperation { Initializer: { } initializer } => initializer.ElementValues.Length,
        ICollectionExpressionOperation { Elements: var elements } when !elements.Any(element => element is ISpreadOperation) =>
            elements.Length,
        IObjectCreationOperation { Initializer: { } initializer, Arguments.Length: 0 }
            when initializer.Initializers.All(one => one is IInvocationOperation) => initializer.Initializers.Length,
        _ => null,
    };

    /// <summary>Reads the syntax, since another file may declare the field.</summary>
    private static int? LengthOfField(IOperation part, CancellationToken cancellationToken)
    {
        var initializer = part is IFieldReferenceOperation { Field: { IsReadOnly: true } field }
            ? field.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax(cancellationToken))
                .OfType<VariableDeclaratorSyntax>().FirstOrDefault()?.Initializer?.Value
            : null;
        return initializer switch
        {
            CollectionExpressionSyntax list when list.Elements.All(element => element is ExpressionElementSyntax) => list.Elements.Count,
            InitializerExpressionSyntax list => list.Expressions.Count,
            ImplicitArrayCreationExpressionSyntax { Initializer: { } list } => list.Expressions.Count,
            ArrayCreationExpressionSyntax { Initializer: { } list } => list.Expressions.Count,
            _ => null,
        };
    }

    private static bool IsPart(IOperation part, int maxItems) =>
        part is IInvocationOperation { TargetMethod: { Name: "Take" or "Range" or "Repeat", ContainingType.Name: "Enumerable" }, Arguments: { Length: 2 } arguments }
        && arguments[1].Value.Unwrap().ConstantValue is { HasValue: true, Value: int number }
        && number <= maxItems;

    private static bool IsNamedBatch(string name) =>
        name.IndexOf("batch", StringComparison.OrdinalIgnoreCase) >= 0
        || name.IndexOf("chunk", StringComparison.OrdinalIgnoreCase) >= 0;

    /// <summary>The collection of the loop that declares a local, or null.</summary>
    private static IOperation? EnumeratedIn(ILocalSymbol local, IOperation use) => use.AncestorsUpTo(use.Root())
        .OfType<IForEachLoopOperation>()
        .FirstOrDefault(loop => loop.Locals.Contains(local, SymbolEqualityComparer.Default))?.Collection;
}
