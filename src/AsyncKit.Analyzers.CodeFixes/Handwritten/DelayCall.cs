using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>An awaited call of <c>Task.Delay</c> that is the same in each round of a loop.</summary>
internal sealed class DelayCall
{
    private DelayCall(string time, ExpressionSyntax? token)
    {
        Time = time;
        Token = token;
    }

    /// <summary>The time as a TimeSpan.</summary>
    public string Time { get; }

    /// <summary>The variable with the token, or null.</summary>
    public ExpressionSyntax? Token { get; }

    public static DelayCall? Of(
        StatementSyntax statement, StatementSyntax loop, SemanticModel model, CancellationToken cancellationToken)
    {
        if (statement is not ExpressionStatementSyntax { Expression: AwaitExpressionSyntax { Expression: var awaited } })
        {
            return null;
        }

        var call = awaited as InvocationExpressionSyntax;
        if (call?.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait", Expression: var configured })
        {
            call = configured as InvocationExpressionSyntax;
        }

        var arguments = call?.ArgumentList.Arguments ?? default;
        if (arguments.Count is 0 or > 2 || arguments.Any(argument => argument.NameColon is not null))
        {
            return null;
        }

        var token = arguments.Count == 1 ? null : arguments[1].Expression;
        return TimeOf(arguments[0].Expression, loop, model, cancellationToken) is { } time
            && (token is null || TokenArguments.IsToken(model.GetTypeInfo(token, cancellationToken).ConvertedType))
            ? IsNever(token, model, cancellationToken) ? new(time, null)
                : token is IdentifierNameSyntax && model.GetSymbolInfo(token, cancellationToken).Symbol is IParameterSymbol or ILocalSymbol
                    ? new(time, token)
                    : null
            : null;
    }

    private static bool IsNever(ExpressionSyntax? token, SemanticModel model, CancellationToken cancellationToken) =>
        token is null
        || token.IsKind(SyntaxKind.DefaultLiteralExpression)
        || model.GetSymbolInfo(token, cancellationToken).Symbol is IPropertySymbol { IsStatic: true, Name: "None" };

    private static string? TimeOf(ExpressionSyntax time, StatementSyntax loop, SemanticModel model, CancellationToken cancellationToken)
    {
        var text = time.WithoutTrivia().ToString();
        var constant = model.GetConstantValue(time, cancellationToken);
        if (constant is { HasValue: true, Value: int milliseconds })
        {
            return milliseconds < 0 ? null : "global::System.TimeSpan.FromMilliseconds(" + text + ")";
        }

        var isSame = time switch
        {
            IdentifierNameSyntax name => IsFixed(name, loop, model, cancellationToken),
            InvocationExpressionSyntax
            {
                Expression: MemberAccessExpressionSyntax { Expression: var type, Name.Identifier.ValueText: var method },
                ArgumentList.Arguments: { Count: 1 } arguments,
            } => method.StartsWith("From", StringComparison.Ordinal)
                && model.GetSymbolInfo(type, cancellationToken).Symbol is ITypeSymbol { Name: "TimeSpan" }
                && model.GetConstantValue(arguments[0].Expression, cancellationToken).HasValue,
            _ => false,
        };
        return !isSame ? null
            : model.GetTypeInfo(time, cancellationToken).Type?.SpecialType == SpecialType.System_Int32
                ? "global::System.TimeSpan.FromMilliseconds(" + text + ")"
                : text;
    }

    /// <summary>Whether a variable keeps its value while the loop runs.</summary>
    private static bool IsFixed(IdentifierNameSyntax name, StatementSyntax loop, SemanticModel model, CancellationToken cancellationToken) =>
        model.GetSymbolInfo(name, cancellationToken).Symbol switch
        {
            IFieldSymbol field => field.IsReadOnly,
            IParameterSymbol or ILocalSymbol => loop.DescendantNodes().OfType<IdentifierNameSyntax>()
                .Count(use => string.Equals(use.Identifier.ValueText, name.Identifier.ValueText, StringComparison.Ordinal)) == 1,
            _ => false,
        };
}
