using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Simplification;

namespace AsyncKit.Analyzers;

/// <summary>Makes the code that a fix writes. Names that start with <c>global::</c> are shortened where they are
/// unambiguous.</summary>
internal static class Generated
{
    public static ExpressionSyntax Expression(string text) => WithShortNames(SyntaxFactory.ParseExpression(text));

    public static StatementSyntax Statement(string text) => WithShortNames(SyntaxFactory.ParseStatement(text));

    public static TypeSyntax Type(string text) => WithShortNames(SyntaxFactory.ParseTypeName(text));

    /// <summary>A token without trivia that the formatter may change.</summary>
    public static SyntaxToken Token(SyntaxKind kind, params SyntaxTrivia[] trailing) =>
        SyntaxFactory.Token(default, kind, SyntaxFactory.TriviaList(trailing));

    private static TNode WithShortNames<TNode>(TNode node)
        where TNode : SyntaxNode =>
        node.ReplaceNodes(
            node.DescendantNodesAndSelf().Where(IsWholeName),
            (_, changed) => changed.WithAdditionalAnnotations(Simplifier.Annotation));

    /// <summary>The outermost name or member access that starts with <c>global::</c> and has no type
    /// arguments.</summary>
    private static bool IsWholeName(SyntaxNode node) => IsFullName(node) && !(node.Parent is { } parent && IsFullName(parent));

    private static bool IsFullName(SyntaxNode node) => node switch
    {
        MemberAccessExpressionSyntax { Name: IdentifierNameSyntax } access =>
            access.Expression is AliasQualifiedNameSyntax || IsFullName(access.Expression),
        QualifiedNameSyntax { Right: IdentifierNameSyntax } name => name.Left is AliasQualifiedNameSyntax || IsFullName(name.Left),
        _ => false,
    };
}
