using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>The limit in the fixed code.</summary>
internal static class Limit
{
    /// <summary>The key in <c>.editorconfig</c>.</summary>
    public const string Key = "asynckit_max_concurrency";

    private const int Default = 8;

    public static ExpressionSyntax Of(Document document, SyntaxTree tree)
    {
        var options = document.Project.AnalyzerOptions.AnalyzerConfigOptionsProvider.GetOptions(tree);
        var limit = options.TryGetValue(Key, out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0
            ? number
            : Default;
        return SyntaxFactory.LiteralExpression(SyntaxKind.NumericLiteralExpression, SyntaxFactory.Literal(limit));
    }
}
