using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AsyncKit.Analyzers;

/// <summary>AKS001: silences the warnings about a task that is not awaited for a child of a TaskScope, since the join
/// observes it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class DroppedChildSuppressor : DiagnosticSuppressor
{
    private const string Justification = "The scope observes the task of a child when it is joined";

    /// <inheritdoc/>
    public override ImmutableArray<SuppressionDescriptor> SupportedSuppressions { get; } = ImmutableArray.Create(
        new SuppressionDescriptor("AKS001", "CS4014", Justification),
        new SuppressionDescriptor("AKS001", "VSTHRD110", Justification),
        new SuppressionDescriptor("AKS001", "MA0134", Justification));

    /// <inheritdoc/>
    public override void ReportSuppressions(SuppressionAnalysisContext context)
    {
        if (KnownSymbols.Of(context.Compilation) is not { } symbols)
        {
            return;
        }

        foreach (var diagnostic in context.ReportedDiagnostics)
        {
            if (diagnostic.Location.SourceTree is { } tree && IsChild(context, tree, diagnostic, symbols))
            {
                context.ReportSuppression(Suppression.Create(
                    SupportedSuppressions.First(descriptor => string.Equals(
                        descriptor.SuppressedDiagnosticId, diagnostic.Id, StringComparison.Ordinal)),
                    diagnostic));
            }
        }
    }

    private static bool IsChild(
        SuppressionAnalysisContext context, SyntaxTree tree, Diagnostic diagnostic, KnownSymbols symbols)
    {
        var node = tree.GetRoot(context.CancellationToken)
            .FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
        var statement = node.FirstAncestorOrSelf<ExpressionStatementSyntax>();
        return statement?.Expression is InvocationExpressionSyntax call
            && call.Span.Contains(diagnostic.Location.SourceSpan)
            && context.GetSemanticModel(tree).GetSymbolInfo(call, context.CancellationToken).Symbol
                is IMethodSymbol { Name: "Run" } method
            && symbols.OwnerOf(method) is KnownSymbols.TaskScope;
    }
}
