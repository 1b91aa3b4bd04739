using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Reads and replaces the statements of a block, of a switch section or of the top level.</summary>
internal static class StatementLists
{
    /// <summary>The statement after another one in the same list, or null.</summary>
    public static StatementSyntax? Next(this StatementSyntax statement) => statement.Parent switch
    {
        BlockSyntax block => block.Statements.ElementAtOrDefault(block.Statements.IndexOf(statement) + 1),
        SwitchSectionSyntax section => section.Statements.ElementAtOrDefault(section.Statements.IndexOf(statement) + 1),
        GlobalStatementSyntax { Parent: CompilationUnitSyntax unit } global =>
            (unit.Members.ElementAtOrDefault(unit.Members.IndexOf(global) + 1) as GlobalStatementSyntax)?.Statement,
        _ => null,
    };

    /// <summary>The only statement of a block, or another statement itself. Null for a block with any other number of
    /// statements.</summary>
    public static StatementSyntax? Single(this StatementSyntax? statement) => statement switch
    {
        BlockSyntax { Statements: { Count: 1 } statements } => statements[0],
        BlockSyntax => null,
        _ => statement,
    };

    /// <summary>The root in which a statement replaces one or several consecutive ones, whose comments it keeps.
    /// Null for several statements outside of a list.</summary>
    public static SyntaxNode? Replace(
        this SyntaxNode root, StatementSyntax first, StatementSyntax last, StatementSyntax replacement)
    {
        if (Comments.HasDirectives(first, last))
        {
            return null;
        }

        var old = new List<StatementSyntax>();
        for (var current = first; ; current = current.Next()!)
        {
            old.Add(current);
            if (current == last)
            {
                break;
            }
        }

        var changed = replacement
            .WithLeadingTrivia(first.GetLeadingTrivia())
            .WithTrailingTrivia(last.GetTrailingTrivia())
            .WithCommentsOf(old, root.LineBreak());
        return first.Parent switch
        {
            BlockSyntax block => root.ReplaceNode(block, block.WithStatements(Replace(block.Statements, old, changed))),
            SwitchSectionSyntax section =>
                root.ReplaceNode(section, section.WithStatements(Replace(section.Statements, old, changed))),
            GlobalStatementSyntax { Parent: CompilationUnitSyntax unit } => unit.WithMembers(Replace(
                unit.Members,
                old.ConvertAll(statement => (MemberDeclarationSyntax)statement.Parent!),
                SyntaxFactory.GlobalStatement(changed))),
            _ => old.Count == 1 ? root.ReplaceNode(first, changed) : null,
        };
    }

    private static SyntaxList<TNode> Replace<TNode>(SyntaxList<TNode> list, IReadOnlyList<TNode> old, TNode changed)
        where TNode : SyntaxNode
    {
        var index = list.IndexOf(old[0]);
        for (var i = 0; i < old.Count; i++)
        {
            list = list.RemoveAt(index);
        }

        return list.Insert(index, changed);
    }
}
