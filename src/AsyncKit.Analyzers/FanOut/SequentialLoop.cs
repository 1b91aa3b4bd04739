using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>A foreach loop whose body a fan-out can run as its operation.</summary>
internal sealed class SequentialLoop
{
    private readonly KnownSymbols _symbols;

    private SequentialLoop(IForEachLoopOperation loop, ForEachStatementSyntax syntax, ILocalSymbol item, KnownSymbols symbols)
    {
        _symbols = symbols;
        Loop = loop;
        Syntax = syntax;
        Item = item;
        Boundary = new(syntax);
        Collection = loop.Collection.AsWritten();
        Statements = loop.Body is IBlockOperation block ? [.. block.Operations] : [loop.Body];
        Add = Statements.Count > 0 ? AddOf(Statements[Statements.Count - 1], item, symbols) : null;
    }

    public IForEachLoopOperation Loop { get; }

    public ForEachStatementSyntax Syntax { get; }

    public ILocalSymbol Item { get; }

    public Boundary Boundary { get; }

    public IOperation Collection { get; }

    public IReadOnlyList<IOperation> Statements { get; }

    /// <summary>The last statement, if it adds to a local list, or null.</summary>
    public IInvocationOperation? Add { get; }

    public ILocalSymbol? List => (Add?.Instance as ILocalReferenceOperation)?.Local;

    /// <summary>The loop, or null if its body depends on the order, leaves the loop or shares state that only one
    /// operation at a time may use.</summary>
    public static SequentialLoop? Of(IForEachLoopOperation loop, KnownSymbols symbols)
    {
        if (loop is not
            {
                IsAsynchronous: false,
                Syntax: ForEachStatementSyntax syntax,
                LoopControlVariable: IVariableDeclaratorOperation { Symbol: { RefKind: RefKind.None } item },
            }
            || !loop.Body.OwnDescendants().Any(part => part is IAwaitOperation)
            || ThreadAffinity.MayApply(loop))
        {
            return null;
        }

        var found = new SequentialLoop(loop, syntax, item, symbols);
        return Sources.IsSequenceOf(found.Collection, item.Type, symbols) && found.IsOperation() ? found : null;
    }

    private bool IsOperation()
    {
        var parts = Loop.Body.Descendants().ToList();
        return !Loop.Body.OwnDescendants().Any(LeavesLoop)
            && !parts.Any(part => Boundary.IsWrite(part) || Boundary.IsUncapturable(part) || IsShared(part))
            && (List is not { } list
                || Loop.Descendants().OfType<ILocalReferenceOperation>()
                    .Count(use => SymbolEqualityComparer.Default.Equals(use.Local, list)) == 1)
            && OuterTokens.AreOne(OuterTokens.UsedBy(Loop.Body, Boundary, _symbols));
    }

    private bool LeavesLoop(IOperation part) => part switch
    {
        IReturnOperation => true,
        IBranchOperation branch => branch.BranchKind == BranchKind.GoTo
            || SymbolEqualityComparer.Default.Equals(branch.Target, Loop.ExitLabel)
            || SymbolEqualityComparer.Default.Equals(branch.Target, Loop.ContinueLabel),
        _ => false,
    };

    /// <summary>Whether a part changes a collection, or uses an object that serves one call at a time, that exists outside
    /// of the loop.</summary>
    private bool IsShared(IOperation part) => part switch
    {
        IInvocationOperation call when call == Add => false,
        IInvocationOperation call => SharedStateAnalyzer.StateOf(call, _symbols) is { } state && !Boundary.Owns(state),
        ILocalReferenceOperation or IParameterReferenceOperation or IMemberReferenceOperation =>
            SerialTypes.IsSerial(part.Type, _symbols) && !Boundary.Owns(part),
        _ => false,
    };

    /// <summary>The call of <c>list.Add(item)</c>, list being a List of the same method, or null.</summary>
    private static IInvocationOperation? AddOf(IOperation statement, ILocalSymbol item, KnownSymbols symbols) =>
        statement is IExpressionStatementOperation
        {
            Operation: IInvocationOperation
            {
                TargetMethod.Name: "Add",
                Arguments.Length: 1,
                Instance: ILocalReferenceOperation { Local: var list },
            } add,
        }
        && symbols.Is(list.Type, KnownSymbols.List)
        && SymbolEqualityComparer.Default.Equals(list.ContainingSymbol, item.ContainingSymbol)
        && !statement.Syntax.Span.Contains(list.DeclaringSyntaxReferences[0].Span)
            ? add
            : null;
}
