using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace AsyncKit.Analyzers;

/// <summary>AK0015: joins the scope at the end of its block.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class UnjoinedScopeFix() : RuleFix("Join the scope at the end of its block", Rules.UnjoinedScope.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model, node) = (target.Root, target.Model, target.Node);
        var name = node.FirstAncestorOrSelf<VariableDeclaratorSyntax>()?.Identifier.Text;
        SyntaxNode? scope = node.FirstAncestorOrSelf<UsingStatementSyntax>(ancestor => ancestor.Declaration?.Span.Contains(node.Span) == true)?.Statement
            ?? node.FirstAncestorOrSelf<LocalDeclarationStatementSyntax>()?.Parent;
        if (name is null || scope is null)
        {
            return Task.FromResult<Document?>(null);
        }

        var changed = scope switch
        {
            BlockSyntax block when !LeavesEarly(block, block.Statements.LastOrDefault()) =>
                root.ReplaceNode(block, block.WithStatements(Add(block.Statements, Join(name, block.Statements.Last(), root)))),
            GlobalStatementSyntax { Parent: CompilationUnitSyntax unit } => AddToProgram(unit, name, root),
            _ => null,
        };
        return Task.FromResult(target.With(changed));
    }

    private static CompilationUnitSyntax? AddToProgram(CompilationUnitSyntax unit, string name, SyntaxNode root)
    {
        var statements = unit.Members.OfType<GlobalStatementSyntax>().ToList();
        var last = statements[statements.Count - 1];
        if (statements.Any(statement => LeavesEarly(statement, last.Statement)))
        {
            return null;
        }

        var join = SyntaxFactory.GlobalStatement(Join(name, last.Statement, root));
        var index = unit.Members.IndexOf(last);
        return unit.WithMembers(unit.Members.Insert(last.Statement is ReturnStatementSyntax ? index : index + 1, join));
    }

    /// <summary>Before a final return, otherwise at the end.</summary>
    private static SyntaxList<StatementSyntax> Add(SyntaxList<StatementSyntax> statements, StatementSyntax join) =>
        statements.Last() is ReturnStatementSyntax
            ? statements.Insert(statements.Count - 1, join)
            : statements.Add(join);

    private static StatementSyntax Join(string name, StatementSyntax last, SyntaxNode root) => SyntaxFactory
        .ParseStatement("await " + name + ".JoinAsync();")
        .WithLeadingTrivia(last.Indentation())
        .WithTrailingTrivia(root.LineBreak())
        .WithAdditionalAnnotations(Formatter.Annotation);

    /// <summary>Whether a jump other than the final return leaves the block, so that a join at its end is not
    /// enough.</summary>
    private static bool LeavesEarly(SyntaxNode block, StatementSyntax? final) => block.OwnNodes().Any(node => node switch
    {
        ReturnStatementSyntax or GotoStatementSyntax or YieldStatementSyntax => node != final,
        BreakStatementSyntax or ContinueStatementSyntax => !node.Ancestors().TakeWhile(ancestor => ancestor != block)
            .Any(ancestor => ancestor is WhileStatementSyntax or DoStatementSyntax or ForStatementSyntax
                or CommonForEachStatementSyntax or SwitchStatementSyntax),
        _ => false,
    });
}
