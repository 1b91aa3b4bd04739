using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Chooses the name of a new local for a lease.</summary>
internal static class LeaseNames
{
    /// <summary>A free name. The n-th dropped lease of a member gets the n-th free name, so that fixes that are made at
    /// the same time do not choose the same one.</summary>
    public static string For(StatementSyntax statement)
    {
        var member = (SyntaxNode?)statement.FirstAncestorOrSelf<MemberDeclarationSyntax>(ancestor => ancestor is not GlobalStatementSyntax)
            ?? statement.SyntaxTree.GetRoot();
        var taken = new HashSet<string>(
            member.DescendantTokens().Where(token => token.IsKind(SyntaxKind.IdentifierToken)).Select(token => token.ValueText),
            StringComparer.Ordinal);
        var before = member.DescendantNodes().OfType<ExpressionStatementSyntax>()
            .TakeWhile(other => other != statement)
            .Count(IsDroppedLease);
        return FreeNames(taken).ElementAt(before);
    }

    private static IEnumerable<string> FreeNames(HashSet<string> taken)
    {
        for (var number = 1; ; number++)
        {
            var name = number == 1 ? "lease" : "lease" + number;
            if (!taken.Contains(name))
            {
                yield return name;
            }
        }
    }

    private static bool IsDroppedLease(ExpressionStatementSyntax statement)
    {
        var value = statement.Expression is AssignmentExpressionSyntax assignment ? assignment.Right : statement.Expression;
        return value is AwaitExpressionSyntax
            && value.DescendantNodes().OfType<SimpleNameSyntax>()
                .Any(name => name.Identifier.ValueText is "AcquireAsync" or "RentAsync");
    }
}
