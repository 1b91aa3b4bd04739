using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Rewrites a semaphore that is a lock, and all of its uses in a document, to an AsyncLock.</summary>
internal sealed class SemaphoreRewriter(
    IFieldSymbol field, FieldDeclarationSyntax declaration, SemanticModel model, SyntaxTrivia lineBreak, CancellationToken cancellationToken)
    : CSharpSyntaxRewriter
{
    private const string AsyncLock = "global::AsyncKit.AsyncLock";

    /// <summary>Whether a use has a shape that cannot be rewritten.</summary>
    public bool HasFailed { get; private set; }

    public override SyntaxNode? VisitFieldDeclaration(FieldDeclarationSyntax node)
    {
        if (node != declaration)
        {
            return base.VisitFieldDeclaration(node);
        }

        var creation = (BaseObjectCreationExpressionSyntax)node.Declaration.Variables[0].Initializer!.Value;
        var changed = creation.WithArgumentList(SyntaxFactory.ArgumentList(
            Generated.Token(SyntaxKind.OpenParenToken), default, Generated.Token(SyntaxKind.CloseParenToken)).WithTriviaFrom(creation.ArgumentList!));
        if (changed is ObjectCreationExpressionSyntax named)
        {
            changed = named.WithType(Generated.Type(AsyncLock).WithTriviaFrom(named.Type));
        }

        var type = node.Declaration.Type;
        var inner = type is NullableTypeSyntax nullable ? nullable.ElementType : type;
        return node.ReplaceNodes(
            new SyntaxNode[] { creation, inner },
            (original, _) => original == creation ? changed : Generated.Type(AsyncLock).WithTriviaFrom(original));
    }

    public override SyntaxNode? VisitBlock(BlockSyntax node)
    {
        var visited = (BlockSyntax)base.VisitBlock(node)!;
        var (statements, rest) = Rewrite(node.Statements, visited.Statements);
        return statements is null ? visited : visited.WithStatements(statements.Value).WithCloseBraceToken(
            visited.CloseBraceToken.WithLeadingTrivia(rest.AddRange(visited.CloseBraceToken.LeadingTrivia)));
    }

    public override SyntaxNode? VisitSwitchSection(SwitchSectionSyntax node)
    {
        var visited = (SwitchSectionSyntax)base.VisitSwitchSection(node)!;
        var (statements, _) = Rewrite(node.Statements, visited.Statements);
        return statements is null ? visited : visited.WithStatements(statements.Value);
    }

    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node) =>
        node.Parent is not (BlockSyntax or SwitchSectionSyntax) && IsDisposal(node.Expression)
            ? EmptyBlock().WithTriviaFrom(node)
            : base.VisitExpressionStatement(node);

    public override SyntaxNode? VisitMethodDeclaration(MethodDeclarationSyntax node) =>
        node.ExpressionBody is { } body && IsDisposal(body.Expression)
            ? node.WithExpressionBody(null)
                .WithSemicolonToken(default)
                .WithBody(EmptyBlock().WithTrailingTrivia(node.SemicolonToken.TrailingTrivia))
            : base.VisitMethodDeclaration(node);

    public override SyntaxNode? VisitArrowExpressionClause(ArrowExpressionClauseSyntax node)
    {
        HasFailed |= IsDisposal(node.Expression);
        return base.VisitArrowExpressionClause(node);
    }

    public override SyntaxNode? VisitParenthesizedLambdaExpression(ParenthesizedLambdaExpressionSyntax node)
    {
        HasFailed |= node.ExpressionBody is { } body && IsDisposal(body);
        return base.VisitParenthesizedLambdaExpression(node);
    }

    public override SyntaxNode? VisitSimpleLambdaExpression(SimpleLambdaExpressionSyntax node)
    {
        HasFailed |= node.ExpressionBody is { } body && IsDisposal(body);
        return base.VisitSimpleLambdaExpression(node);
    }

    private static BlockSyntax EmptyBlock() => SyntaxFactory.Block(
        Generated.Token(SyntaxKind.OpenBraceToken, SyntaxFactory.Space), default, Generated.Token(SyntaxKind.CloseBraceToken));

    /// <summary>The statements with their waits and disposals rewritten, and the comments of a disposal at the end. Null
    /// if nothing changes.</summary>
    private (SyntaxList<StatementSyntax>? Statements, SyntaxTriviaList LastComments) Rewrite(
        SyntaxList<StatementSyntax> old, SyntaxList<StatementSyntax> visited)
    {
        var result = new List<StatementSyntax>();
        var hasChanged = false;
        var comments = new List<SyntaxNode>();
        for (var i = 0; i < old.Count; i++)
        {
            var next = visited[i];
            if (old[i] is ExpressionStatementSyntax { Expression: var expression })
            {
                if (IsDisposal(expression))
                {
                    hasChanged = true;
                    comments.Add(old[i]);
                    continue;
                }

                if (IsWait(expression) && i + 1 < old.Count && visited[i + 1] is TryStatementSyntax section)
                {
                    next = Using((ExpressionStatementSyntax)visited[i], section);
                    hasChanged = true;
                    i++;
                }
            }

            result.Add(comments.Count == 0 ? next : WithLeadingComments(next, comments));
            comments.Clear();
        }

        return (hasChanged ? SyntaxFactory.List(result) : null, Remaining(comments));
    }

    private StatementSyntax WithLeadingComments(StatementSyntax statement, List<SyntaxNode> removed)
    {
        var indentation = statement.Indentation();
        var comments = removed.SelectMany(node => Comments.In(node))
            .SelectMany(comment => new[] { comment, lineBreak }.Concat(indentation));
        return statement.WithLeadingTrivia(statement.GetLeadingTrivia().AddRange(comments));
    }

    private SyntaxTriviaList Remaining(List<SyntaxNode> removed) => SyntaxFactory.TriviaList(removed.SelectMany(node =>
        Comments.In(node).SelectMany(comment => node.Indentation().Append(comment).Append(lineBreak))));

    private bool IsDisposal(ExpressionSyntax expression) => expression switch
    {
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Dispose", Expression: var disposed } } =>
            IsField(disposed),
        ConditionalAccessExpressionSyntax
        {
            Expression: var disposed,
            WhenNotNull: InvocationExpressionSyntax { Expression: MemberBindingExpressionSyntax { Name.Identifier.ValueText: "Dispose" } },
        } => IsField(disposed),
        _ => false,
    };

    private bool IsWait(ExpressionSyntax expression) =>
        expression is AwaitExpressionSyntax awaited && NameIn(awaited) is { Parent: MemberAccessExpressionSyntax wait } && IsField(wait.Expression);

    /// <summary>The name WaitAsync in an await of it.</summary>
    private static SimpleNameSyntax? NameIn(AwaitExpressionSyntax awaited)
    {
        var call = awaited.Expression as InvocationExpressionSyntax;
        if (call?.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait", Expression: InvocationExpressionSyntax configured })
        {
            call = configured;
        }

        return call?.Expression is MemberAccessExpressionSyntax { Name: { Identifier.ValueText: "WaitAsync" } name } ? name : null;
    }

    private bool IsField(ExpressionSyntax expression)
    {
        while (expression is PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } sure)
        {
            expression = sure.Operand;
        }

        var name = expression as SimpleNameSyntax ?? (expression as MemberAccessExpressionSyntax)?.Name;
        return string.Equals(name?.Identifier.ValueText, field.Name, StringComparison.Ordinal)
            && SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(expression, cancellationToken).Symbol?.OriginalDefinition, field);
    }

    private UsingStatementSyntax Using(ExpressionStatementSyntax wait, TryStatementSyntax section)
    {
        var awaited = (AwaitExpressionSyntax)wait.Expression;
        var name = NameIn(awaited)!;
        var acquire = awaited.ReplaceNode(name, SyntaxFactory.IdentifierName("AcquireAsync").WithTriviaFrom(name));
        var isOnNewLine = section.TryKeyword.TrailingTrivia.Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia));
        var header = isOnNewLine
            && wait.GetTrailingTrivia().Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia))
                ? wait.GetTrailingTrivia()
                : section.TryKeyword.TrailingTrivia;
        var block = section.Block
            .WithCloseBraceToken(WithCommentsOf(section.Finally!, section.Block.CloseBraceToken))
            .WithTrailingTrivia(section.GetTrailingTrivia());
        return SyntaxFactory.UsingStatement(
                Generated.Token(SyntaxKind.UsingKeyword, SyntaxFactory.Space),
                Generated.Token(SyntaxKind.OpenParenToken),
                null,
                acquire.WithoutTrivia(),
                Generated.Token(SyntaxKind.CloseParenToken, [.. header]),
                block)
            .WithLeadingTrivia(wait.GetLeadingTrivia())
            .WithCommentsOf([wait, section], lineBreak);
    }

    /// <summary>The end of the block, after the comments of the finally.</summary>
    private SyntaxToken WithCommentsOf(FinallyClauseSyntax cleanup, SyntaxToken closeBrace)
    {
        var leading = closeBrace.LeadingTrivia;
        if (leading.Count == 0 || !leading[leading.Count - 1].IsKind(SyntaxKind.WhitespaceTrivia))
        {
            return closeBrace;
        }

        var indentation = leading[leading.Count - 1];
        var comments = Comments.In(cleanup.WithTrailingTrivia())
            .SelectMany(comment => new[] { SyntaxFactory.Whitespace(indentation + "    "), comment, lineBreak });
        return closeBrace.WithLeadingTrivia(leading.InsertRange(leading.Count - 1, comments));
    }
}
