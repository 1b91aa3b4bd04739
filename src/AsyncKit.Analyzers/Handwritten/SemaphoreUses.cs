using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Collects the uses of the semaphores that are private fields of a type or of its nested types, over all
/// parts.</summary>
/// <remarks>
/// Operations may arrive on several threads. Invariants: (1) a field is a lock only if every identifier in the type that
/// has its name was seen as a use of a field. So a use in generated code, which is not analyzed, keeps the rule silent.
/// (2) A field with a use that is not part of a lock is never reported.
/// </remarks>
internal sealed class SemaphoreUses
{
    private readonly INamedTypeSymbol _type;
    private readonly List<IFieldSymbol> _fields;
    private readonly KnownSymbols _symbols;
    private readonly object _lock = new();
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<ISymbol> _startWithOne = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _others = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _waited = new(SymbolEqualityComparer.Default);

    private SemaphoreUses(INamedTypeSymbol type, List<IFieldSymbol> fields, KnownSymbols symbols)
    {
        _type = type;
        _fields = fields;
        _symbols = symbols;
    }

    /// <summary>Null for a type without such a field.</summary>
    public static SemaphoreUses? Of(INamedTypeSymbol type, KnownSymbols symbols)
    {
        var fields = FieldsOf(type).Where(field => IsCandidate(field, symbols)).ToList();
        return fields.Count == 0 ? null : new(type, fields, symbols);
    }

    public void Add(IFieldInitializerOperation initializer)
    {
        var startsWithOne = initializer.Value.Unwrap() is IObjectCreationOperation { Arguments.Length: > 0 } creation
            && _symbols.Is(creation.Type, KnownSymbols.SemaphoreSlim)
            && creation.Arguments.All(argument => argument.Value.IsConstant(1));
        if (startsWithOne)
        {
            lock (_lock)
            {
                _startWithOne.UnionWith(initializer.InitializedFields);
            }
        }
    }

    public void Add(IFieldReferenceOperation use)
    {
        if (!_fields.Exists(field => string.Equals(field.Name, use.Field.Name, StringComparison.Ordinal)))
        {
            return;
        }

        var isWait = IsWait(use);
        var isOther = !isWait && !IsRelease(use) && !IsDisposal(use);
        lock (_lock)
        {
            _seen[use.Field.Name] = (_seen.TryGetValue(use.Field.Name, out var count) ? count : 0) + 1;
            if (isWait)
            {
                _ = _waited.Add(use.Field.OriginalDefinition);
            }
            else if (isOther)
            {
                _ = _others.Add(use.Field.OriginalDefinition);
            }
        }
    }

    /// <summary>The fields that are locks, after all uses were added.</summary>
    public IReadOnlyList<IFieldSymbol> Locks(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _fields.FindAll(field => _startWithOne.Contains(field)
                && _waited.Contains(field)
                && !_others.Contains(field)
                && _seen.TryGetValue(field.Name, out var seen)
                && seen == Identifiers(field.Name, cancellationToken));
        }
    }

    private static IEnumerable<IFieldSymbol> FieldsOf(INamedTypeSymbol type) =>
        type.GetMembers().OfType<IFieldSymbol>().Concat(type.GetTypeMembers().SelectMany(FieldsOf));

    private static bool IsCandidate(IFieldSymbol field, KnownSymbols symbols) =>
        field is { DeclaredAccessibility: Accessibility.Private, IsImplicitlyDeclared: false, AssociatedSymbol: null, Locations.Length: 1 }
        && symbols.Is(field.Type, KnownSymbols.SemaphoreSlim);

    private int Identifiers(string name, CancellationToken cancellationToken) => _type.DeclaringSyntaxReferences
        .SelectMany(part => part.GetSyntax(cancellationToken).DescendantNodes())
        .OfType<IdentifierNameSyntax>()
        .Count(identifier => string.Equals(identifier.Identifier.ValueText, name, StringComparison.Ordinal));

    /// <summary>An awaited <c>s.WaitAsync([token])</c> right before a try whose finally only releases the
    /// semaphore.</summary>
    private bool IsWait(IFieldReferenceOperation use) =>
        CallOn(use, "WaitAsync") is { } wait
        && wait.Arguments.All(argument => _symbols.Is(argument.Parameter?.Type, KnownSymbols.CancellationToken))
        && wait.AwaitOf()?.UsedBy() is IExpressionStatementOperation statement
        && Sibling(statement, 1) is ITryOperation section
        && ReleaseIn(section) is { Instance: { } released }
        && Semaphores.AreSame(use, released);

    /// <summary>The release at the end of such a try.</summary>
    private bool IsRelease(IFieldReferenceOperation use) =>
        CallOn(use, "Release") is { Parent: IExpressionStatementOperation { Parent: IBlockOperation { Parent: ITryOperation section } } } release
        && ReleaseIn(section) == release
        && Sibling(section, -1) is IExpressionStatementOperation before
        && before.Operation.DescendantsAndSelf().OfType<IFieldReferenceOperation>()
            .Any(waited => Semaphores.AreSame(waited, use) && IsWait(waited));

    private static bool IsDisposal(IFieldReferenceOperation use)
    {
        var call = CallOn(use, "Dispose");
        if (call is null
            && use.UsedBy() is IConditionalAccessOperation { WhenNotNull: IInvocationOperation { TargetMethod.Name: "Dispose" } } access
            && access.Operation.Unwrap() == use)
        {
            return access.UsedBy() is IExpressionStatementOperation;
        }

        return call?.UsedBy() is IExpressionStatementOperation;
    }

    private static IInvocationOperation? CallOn(IFieldReferenceOperation use, string name) =>
        use.UsedBy() is IInvocationOperation call
        && call.Instance?.Unwrap() == use
        && string.Equals(call.TargetMethod.Name, name, StringComparison.Ordinal)
            ? call
            : null;

    private static IInvocationOperation? ReleaseIn(ITryOperation section) =>
        section is { Catches.Length: 0, Finally.Operations: { Length: 1 } cleanup }
        && cleanup[0] is IExpressionStatementOperation { Operation: IInvocationOperation { TargetMethod.Name: "Release", Arguments.Length: 0 } release }
            ? release
            : null;

    private static IOperation? Sibling(IOperation statement, int distance)
    {
        var statements = statement.Parent switch
        {
            IBlockOperation block => block.Operations,
            ISwitchCaseOperation section => section.Body,
            _ => ImmutableArray<IOperation>.Empty,
        };
        var index = statements.IndexOf(statement) + distance;
        return index >= 0 && index < statements.Length ? statements[index] : null;
    }
}
