using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0015: a scope with a dropped child that ends without a join.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnjoinedScopeAnalyzer() : RuleAnalyzer(Rules.UnjoinedScope)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols)
    {
        context.RegisterOperationAction(
            operation =>
            {
                var declaration = (IUsingDeclarationOperation)operation.Operation;
                var block = declaration.Parent is IBlockOperation parent ? parent.Operations : [];
                Check(operation, declaration.DeclarationGroup, block, symbols);
            },
            OperationKind.UsingDeclaration);
        context.RegisterOperationAction(
            operation =>
            {
                if (operation.Operation is IUsingOperation { Resources: IVariableDeclarationGroupOperation group } statement)
                {
                    Check(operation, group, statement.Body is IBlockOperation body ? body.Operations : [statement.Body], symbols);
                }
            },
            OperationKind.Using);
    }

    private void Check(
        OperationAnalysisContext context,
        IVariableDeclarationGroupOperation group,
        ImmutableArray<IOperation> block,
        KnownSymbols symbols)
    {
        foreach (var declarator in group.Declarations.SelectMany(declaration => declaration.Declarators))
        {
            if (declarator.GetVariableInitializer()?.Value.Unwrap() is IInvocationOperation { TargetMethod.Name: "Open" } open
                && symbols.OwnerOf(open.TargetMethod) is KnownSymbols.TaskScope
                && DropsAChildAndDoesNotEnd(declarator.Symbol, group.Root())
                && !NeverCompletes(block)
                && declarator.Syntax is VariableDeclaratorSyntax syntax)
            {
                context.ReportDiagnostic(Report(syntax.Identifier.GetLocation(), syntax.Identifier.ValueText));
            }
        }
    }

    private static bool DropsAChildAndDoesNotEnd(ILocalSymbol scope, IOperation root)
    {
        var dropsAChild = false;
        foreach (var use in root.Descendants().OfType<ILocalReferenceOperation>())
        {
            if (!SymbolEqualityComparer.Default.Equals(use.Local, scope) || use.IsInNameOf())
            {
                continue;
            }

            switch (use.Parent)
            {
                case IInvocationOperation { TargetMethod.Name: "Run" } run when run.Instance == use:
                    dropsAChild |= run.IsDropped();
                    break;
                case IInvocationOperation { TargetMethod.Name: "ToString" } call when call.Instance == use:
                case IPropertyReferenceOperation property when property.Instance == use:
                    break;
                default:
                    return false;
            }
        }

        return dropsAChild;
    }

    /// <summary>Whether the end of a block cannot be reached, so that there is no place for a join.</summary>
    private static bool NeverCompletes(ImmutableArray<IOperation> block) => block.Any(statement => statement switch
    {
        IThrowOperation => true,
        IExpressionStatementOperation { Operation: IThrowOperation } => true,
        IWhileLoopOperation { Condition.ConstantValue: { HasValue: true, Value: true } } loop => !HasBreak(loop),
        IForLoopOperation { Condition: null } loop => !HasBreak(loop),
        IForLoopOperation { Condition.ConstantValue: { HasValue: true, Value: true } } loop => !HasBreak(loop),
        _ => false,
    });

    private static bool HasBreak(ILoopOperation loop) => loop.Descendants().OfType<IBranchOperation>()
        .Any(branch => SymbolEqualityComparer.Default.Equals(branch.Target, loop.ExitLabel));
}
