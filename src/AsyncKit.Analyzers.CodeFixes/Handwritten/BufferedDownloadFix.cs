using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>AK0013: downloads to the file with <c>DownloadAsync</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class BufferedDownloadFix() : RuleFix("Use 'DownloadAsync'", Rules.BufferedDownload.Id)
{
    private const string Options =
        "new global::AsyncKit.Http.DownloadOptions { OnExisting = global::AsyncKit.Http.ExistingFile.Replace }";

    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model) = (target.Root, target.Model);
        SyntaxNode? changed = null;
        if (target.Node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } get
            && get.AwaitOf() is { } bytes
            && WriteOf(bytes) is { } write
            && Download(get, write, model, cancellationToken) is { } download)
        {
            var whole = (ExpressionSyntax?)write.AwaitOf() ?? write;
            if (whole.Contains(bytes))
            {
                changed = root.ReplaceNode(whole, download.WithTriviaFrom(whole));
            }
            else if (bytes.FirstAncestorOrSelf<LocalDeclarationStatementSyntax>() is { } first
                && whole.Parent is ExpressionStatementSyntax last
                && first.Next() == last)
            {
                changed = root.Replace(first, last, SyntaxFactory.ExpressionStatement(download));
            }
        }

        return Task.FromResult(target.With(changed?.WithImport(model, target.Node.SpanStart, Imports.Http)));
    }

    /// <summary>The call that writes the bytes: around them, or in the statement after their declaration.</summary>
    private static InvocationExpressionSyntax? WriteOf(AwaitExpressionSyntax bytes)
    {
        SyntaxNode value = bytes;
        while (value.Parent is ParenthesizedExpressionSyntax)
        {
            value = value.Parent;
        }

        return value.Parent is ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax write }
            ? write
            : value.FirstAncestorOrSelf<LocalDeclarationStatementSyntax>()?.Next()?.DescendantNodes()
                .OfType<InvocationExpressionSyntax>()
                .FirstOrDefault(call => (call.Expression switch
                {
                    MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
                    IdentifierNameSyntax name => name.Identifier.ValueText,
                    _ => null,
                }) is "WriteAllBytes" or "WriteAllBytesAsync");
    }

    private static ExpressionSyntax? Download(
        InvocationExpressionSyntax get, InvocationExpressionSyntax write, SemanticModel model, CancellationToken cancellationToken)
    {
        var (source, target) = (get.ArgumentList.Arguments, write.ArgumentList.Arguments);
        if (source.Concat(target).Any(argument => argument.NameColon is not null)
            || get.Expression is not MemberAccessExpressionSyntax { Expression: var client }
            || !IsPath(target[0].Expression, model, cancellationToken))
        {
            return null;
        }

        var tokens = source.Skip(1).Concat(target.Skip(2))
            .Select(argument => argument.Expression.WithoutTrivia())
            .Where(token => !IsNever(token))
            .Select(token => token.ToString())
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (tokens.Count > 1)
        {
            return null;
        }

        var address = source[0].Expression.WithoutTrivia().ToString();
        if (model.GetTypeInfo(source[0].Expression, cancellationToken).ConvertedType?.SpecialType == SpecialType.System_String)
        {
            address = "new global::System.Uri(" + address + ", global::System.UriKind.RelativeOrAbsolute)";
        }

        var arguments = string.Join(
            ", ", new[] { address, target[0].Expression.WithoutTrivia().ToString(), Options }.Concat(tokens));
        return Generated.Expression(
            "await " + client.WithoutTrivia() + ".DownloadAsync(" + arguments + ")" + (Configuration(write) ?? Configuration(get)));
    }

    private static bool IsNever(ExpressionSyntax token) =>
        token.IsKind(SyntaxKind.DefaultLiteralExpression) || token is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "None" };

    private static string? Configuration(InvocationExpressionSyntax call) =>
        call.Parent is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait", Parent: InvocationExpressionSyntax configured }
            ? ".ConfigureAwait" + configured.ArgumentList
            : null;

    /// <summary>Whether an expression has the same value before and after the download.</summary>
    private static bool IsPath(ExpressionSyntax path, SemanticModel model, CancellationToken cancellationToken) =>
        path.DescendantNodesAndSelf().All(node => node switch
        {
            InvocationExpressionSyntax call => model.GetSymbolInfo(call, cancellationToken).Symbol is IMethodSymbol
            {
                ContainingType: { Name: "Path", ContainingNamespace.Name: "IO" }, Name: not "GetTempFileName",
            },
            AwaitExpressionSyntax or AssignmentExpressionSyntax or BaseObjectCreationExpressionSyntax or AnonymousFunctionExpressionSyntax
                or DeclarationExpressionSyntax or ThrowExpressionSyntax => false,
            PostfixUnaryExpressionSyntax unary => unary.IsKind(SyntaxKind.SuppressNullableWarningExpression),
            PrefixUnaryExpressionSyntax => false,
            _ => true,
        });
}
