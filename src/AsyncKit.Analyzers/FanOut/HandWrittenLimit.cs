using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>A call of Task.WhenAll whose selector waits for a semaphore that only this call uses.</summary>
internal sealed class HandWrittenLimit
{
    private HandWrittenLimit(
        WhenAllCall whenAll,
        TryStatementSyntax work,
        SyntaxNode declaration,
        string semaphore,
        ExpressionSyntax limit,
        IReadOnlyList<SyntaxNode> disposals)
    {
        WhenAll = whenAll;
        Work = work;
        Declaration = declaration;
        Semaphore = semaphore;
        Limit = limit;
        Disposals = disposals;
    }

    public WhenAllCall WhenAll { get; }

    /// <summary>The try whose finally releases the semaphore.</summary>
    public TryStatementSyntax Work { get; }

    /// <summary>The declaration of the semaphore, or the using statement around everything.</summary>
    public SyntaxNode Declaration { get; }

    public string Semaphore { get; }

    public ExpressionSyntax Limit { get; }

    public IReadOnlyList<SyntaxNode> Disposals { get; }

    public static HandWrittenLimit? Of(IInvocationOperation call, KnownSymbols symbols)
    {
        if (WhenAllCall.Of(call, symbols) is not { Lambda: { Symbol.IsAsync: true } lambda } found
            || ThreadAffinity.MayApply(call)
            || !OuterTokens.AreOne(OuterTokens.UsedBy(lambda, found.Boundary, symbols))
            || !FollowsItsTasks(found)
            || SemaphoreOf(lambda, symbols) is not { } semaphore
            || WorkOf(lambda, semaphore) is not { } work
            || CreationOf(semaphore.Local, call, symbols) is not { } created
            || DisposalsOf(semaphore.Local, lambda, created.Declaration) is not { } disposals
            || (found.SharesState(symbols) && !created.Limit.IsConstant(1)))
        {
            return null;
        }

        return new(found, work, created.Declaration, semaphore.Local.Name, (ExpressionSyntax)created.Limit.Syntax, disposals);
    }

    /// <summary>Whether the tasks are started where they are awaited.</summary>
    private static bool FollowsItsTasks(WhenAllCall found) =>
        found.Tasks is null
        || (found.Tasks.Syntax.FirstAncestorOrSelf<LocalDeclarationStatementSyntax>() is { Declaration.Variables.Count: 1 } declaration
            && found.Call.Syntax.FirstAncestorOrSelf<StatementSyntax>() is { } statement
            && Next(declaration) == statement);

    private static StatementSyntax? Next(StatementSyntax statement) => statement.Parent switch
    {
        BlockSyntax block => block.Statements.ElementAtOrDefault(block.Statements.IndexOf(statement) + 1),
        GlobalStatementSyntax { Parent: CompilationUnitSyntax unit } global =>
            (unit.Members.ElementAtOrDefault(unit.Members.IndexOf(global) + 1) as GlobalStatementSyntax)?.Statement,
        _ => null,
    };

    private static List<IOperation> StatementsOf(IOperation block) => [.. block.ChildOperations.Where(statement => !statement.IsImplicit)];

    /// <summary>The semaphore that the first of two statements waits for, without a timeout, or null.</summary>
    private static ILocalReferenceOperation? SemaphoreOf(IAnonymousFunctionOperation lambda, KnownSymbols symbols) =>
        StatementsOf(lambda.Body) is { Count: 2 } statements
        && statements[0] is IExpressionStatementOperation { Operation: IAwaitOperation awaited }
        && awaited.AwaitedCall() is { TargetMethod.Name: "WaitAsync", Instance: ILocalReferenceOperation semaphore } wait
        && symbols.Is(semaphore.Type, KnownSymbols.SemaphoreSlim)
        && wait.Arguments.All(argument => symbols.Is(argument.Value.Type, KnownSymbols.CancellationToken))
            ? semaphore
            : null;

    /// <summary>The second statement: a try whose finally does nothing but release, or null.</summary>
    private static TryStatementSyntax? WorkOf(IAnonymousFunctionOperation lambda, ILocalReferenceOperation semaphore) =>
        StatementsOf(lambda.Body)[1] is ITryOperation { Finally: { } cleanup, Syntax: TryStatementSyntax work }
        && StatementsOf(cleanup) is { Count: 1 } statements
        && statements[0] is IExpressionStatementOperation { Operation: IInvocationOperation { TargetMethod.Name: "Release", Arguments.Length: 0, Instance: { } released } }
        && Semaphores.AreSame(released, semaphore)
            ? work
            : null;

    /// <summary>How the semaphore is declared, in the function that awaits, and its number of permits.</summary>
    private static (SyntaxNode Declaration, IOperation Limit)? CreationOf(ILocalSymbol semaphore, IInvocationOperation call, KnownSymbols symbols)
    {
        var operations = call.Root().Descendants().ToList();
        var declarator = operations.OfType<IVariableDeclaratorOperation>()
            .FirstOrDefault(one => SymbolEqualityComparer.Default.Equals(one.Symbol, semaphore));
        if (declarator?.GetVariableInitializer()?.Value.Unwrap() is not IObjectCreationOperation { Arguments: { Length: > 0 } arguments } creation
            || !symbols.Is(creation.Type, KnownSymbols.SemaphoreSlim)
            || declarator.Function() != call.Function()
            || declarator.Syntax.Parent is not VariableDeclarationSyntax { Variables.Count: 1, Parent: { } declaration })
        {
            return null;
        }

        var limit = arguments.First(argument => argument.Parameter?.Name is "initialCount").Value;
        return arguments.Select(argument => argument.Value.Syntax.ToString()).Distinct(StringComparer.Ordinal).Count() == 1
            && limit.Unwrap().ConstantValue is not { HasValue: true, Value: < 1 }
            && limit.Syntax is ExpressionSyntax
            && limit.DescendantsAndSelf().All(part => IsStable(part, declarator, operations))
                ? (declaration, limit)
                : null;
    }

    /// <summary>Whether a part of the limit has the same value after the declaration.</summary>
    private static bool IsStable(IOperation part, IOperation declarator, List<IOperation> operations) => part switch
    {
        ILocalReferenceOperation or IParameterReferenceOperation => !operations.Any(other =>
            other.Syntax.SpanStart > declarator.Syntax.Span.End
            && other is IAssignmentOperation { Target: var target }
            && Semaphores.AreSame(target, part)),
        IFieldReferenceOperation or IPropertyReferenceOperation or IInstanceReferenceOperation or ILiteralOperation
            or IBinaryOperation or IConversionOperation or IParenthesizedOperation or IArgumentOperation => true,
        IInvocationOperation { TargetMethod.ContainingType.Name: "Math" } => true,
        _ => false,
    };

    /// <summary>The statements that dispose the semaphore. Null if it has another use.</summary>
    private static List<SyntaxNode>? DisposalsOf(ILocalSymbol semaphore, IAnonymousFunctionOperation lambda, SyntaxNode declaration)
    {
        var others = lambda.Root().Descendants().OfType<ILocalReferenceOperation>()
            .Where(use => SymbolEqualityComparer.Default.Equals(use.Local, semaphore)).ToList();
        var disposals = others
            .Where(use => use.Parent is IInvocationOperation { TargetMethod.Name: "Dispose", Parent: IExpressionStatementOperation })
            .Select(use => use.Parent!.Parent!.Syntax)
            .Where(statement => declaration is LocalDeclarationStatementSyntax && BlockOf(statement) == BlockOf(declaration))
            .ToList();
        return others.Count == disposals.Count + 2 ? disposals : null;
    }

    private static SyntaxNode? BlockOf(SyntaxNode statement) =>
        statement.Parent is GlobalStatementSyntax global ? global.Parent : statement.Parent;
}
