using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>AK0009: merges the race and the await of the task into <c>await task.WithTimeoutAsync(limit)</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class HandwrittenTimeoutFix() : RuleFix("Use 'WithTimeoutAsync'", Rules.HandwrittenTimeout.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(target.With(target.Node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call
            ? Rewrite(target.Root, target.Model, call, mayLoseMessage: false, cancellationToken)
            : null));

    internal static SyntaxNode? Rewrite(
        SyntaxNode root, SemanticModel model, InvocationExpressionSyntax call, bool mayLoseMessage, CancellationToken cancellationToken) =>
        call.AwaitOf() is { } race
        && NewAwait.Of(call, race, model, cancellationToken) is { } merged
        && ComparisonOf(race) is { } comparison
            ? Merge(root, comparison, merged, mayLoseMessage)?.WithImport(model, call.SpanStart, Imports.AsyncKit)
            : null;

    /// <summary>The whole condition: the comparison, with a not and parentheses around it.</summary>
    private static ExpressionSyntax? ComparisonOf(AwaitExpressionSyntax race)
    {
        ExpressionSyntax current = race;
        while (current.Parent is BinaryExpressionSyntax or ParenthesizedExpressionSyntax or PrefixUnaryExpressionSyntax)
        {
            current = (ExpressionSyntax)current.Parent;
        }

        return current == race ? null : current;
    }

    private static SyntaxNode? Merge(SyntaxNode root, ExpressionSyntax condition, NewAwait merged, bool mayLoseMessage)
    {
        if (condition.Parent is ConditionalExpressionSyntax choice && choice.Condition == condition)
        {
            var value = choice.WhenTrue is ThrowExpressionSyntax ? choice.WhenFalse : choice.WhenTrue;
            var failure = choice.WhenTrue as ThrowExpressionSyntax ?? choice.WhenFalse as ThrowExpressionSyntax;
            return failure is not null && (mayLoseMessage || IsBare(failure.Expression)) && merged.Replaces(value)
                ? root.ReplaceNode(choice, merged.From(value).WithTriviaFrom(choice))
                : null;
        }

        if (condition.Parent is not IfStatementSyntax decision || decision.Condition != condition)
        {
            return null;
        }

        var next = decision.Next();
        var (success, last) = (decision.Statement.Single(), decision.Else?.Statement.Single()) switch
        {
            (ThrowStatementSyntax failure, null) when decision.Else is null && (mayLoseMessage || IsBare(failure.Expression)) => (next, next),
            (ThrowStatementSyntax failure, { } other) when (mayLoseMessage || IsBare(failure.Expression)) => (other, decision),
            ({ } other, ThrowStatementSyntax failure) when (mayLoseMessage || IsBare(failure.Expression)) => (other, decision),
            (ReturnStatementSyntax other, null) when decision.Else is null
                && next is ThrowStatementSyntax failure
                && (mayLoseMessage || IsBare(failure.Expression)) => (other, next),
            _ => default((StatementSyntax?, StatementSyntax?)),
        };
        return success is not null && last is not null && merged.ValueOf(success) is { } awaited
            ? root.Replace(decision, last, success.ReplaceNode(awaited, merged.From(awaited)))
            : null;
    }

    /// <summary>Whether the exception has no message, which the fix would lose.</summary>
    private static bool IsBare(ExpressionSyntax? exception) =>
        exception is BaseObjectCreationExpressionSyntax { Initializer: null } creation
        && creation.ArgumentList?.Arguments.Count is null or 0;

    /// <summary>The await that replaces the race and the await after it.</summary>
    private sealed class NewAwait(string task, string arguments, string? configured)
    {
        public static NewAwait? Of(
            InvocationExpressionSyntax call, AwaitExpressionSyntax race, SemanticModel model, CancellationToken cancellationToken)
        {
            var arguments = call.ArgumentList.Arguments;
            var task = arguments.Select(argument => argument.Expression).OfType<IdentifierNameSyntax>().FirstOrDefault();
            var delay = arguments.Select(argument => argument.Expression).OfType<InvocationExpressionSyntax>().FirstOrDefault();
            if (task is null || delay is null || delay.ArgumentList.Arguments.Any(argument => argument.NameColon is not null))
            {
                return null;
            }

            var parts = delay.ArgumentList.Arguments.Select(argument => argument.Expression).ToList();
            var limit = parts[0].WithoutTrivia().ToString();
            if (model.GetTypeInfo(parts[0], cancellationToken).Type?.SpecialType == SpecialType.System_Int32)
            {
                limit = "global::System.TimeSpan.FromMilliseconds(" + limit + ")";
            }

            var token = parts.Count == 1 ? "" : TokenOf(parts[1], model, cancellationToken);
            return token is null || parts.Count > 2
                ? null
                : new NewAwait(task.Identifier.Text, limit + token, Configuration(race.Expression));
        }

        public bool Replaces(ExpressionSyntax? expression) => expression is AwaitExpressionSyntax { Expression: var awaited }
            && (IsTask(awaited)
                || (awaited is InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait", Expression: var configuredTask },
                }
                    && IsTask(configuredTask)));

        /// <summary>The await of the task, if it is all that a statement computes.</summary>
        public ExpressionSyntax? ValueOf(StatementSyntax statement)
        {
            var value = statement switch
            {
                ReturnStatementSyntax returned => returned.Expression,
                ExpressionStatementSyntax
                {
                    Expression: AssignmentExpressionSyntax
                    {
                        RawKind: (int)SyntaxKind.SimpleAssignmentExpression, Left: IdentifierNameSyntax, Right: var right,
                    },
                } => right,
                ExpressionStatementSyntax { Expression: var expression } => expression,
                LocalDeclarationStatementSyntax { Declaration.Variables: { Count: 1 } variables } => variables[0].Initializer?.Value,
                _ => null,
            };
            return Replaces(value) ? value : null;
        }

        public ExpressionSyntax From(ExpressionSyntax old) => Generated
            .Expression("await " + task + ".WithTimeoutAsync(" + arguments + ")"
                + (configured ?? Configuration(((AwaitExpressionSyntax)old).Expression)))
            .WithTriviaFrom(old);

        private bool IsTask(ExpressionSyntax expression) =>
            expression is IdentifierNameSyntax name && string.Equals(name.Identifier.Text, task, StringComparison.Ordinal);

        /// <summary>The text of ConfigureAwait, or null.</summary>
        private static string? Configuration(ExpressionSyntax awaited) =>
            awaited is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait" } } call
                ? ".ConfigureAwait" + call.ArgumentList.ToString()
                : null;

        /// <summary>The second argument: the token of the caller, or nothing for a token that is never cancelled. Null
        /// for another argument.</summary>
        private static string? TokenOf(ExpressionSyntax argument, SemanticModel model, CancellationToken cancellationToken)
        {
            var symbol = model.GetSymbolInfo(argument, cancellationToken).Symbol;
            return symbol is IParameterSymbol parameter && TokenArguments.IsToken(parameter.Type) ? ", " + parameter.Name
                : symbol is IPropertySymbol { IsStatic: true, Name: "None" } || argument.IsKind(SyntaxKind.DefaultLiteralExpression) ? ""
                : null;
        }
    }
}
