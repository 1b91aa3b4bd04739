using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>The token of a new operation: its name, the outer token that it replaces, and the calls that get it.</summary>
internal sealed class OperationToken
{
    private const string Discard = "_";

    private static readonly string[] Fallbacks = ["cancellationToken", "token", "operationToken", "fanOutToken"];

    private readonly SyntaxNode _body;
    private readonly SemanticModel _model;
    private readonly IReadOnlyList<ExpressionSyntax> _outer;
    private readonly HashSet<InvocationExpressionSyntax> _takers;
    private readonly CancellationToken _cancellationToken;

    private OperationToken(
        SyntaxNode body, SemanticModel model, IReadOnlyList<ExpressionSyntax> outer, CancellationToken cancellationToken)
    {
        _body = body;
        _model = model;
        _outer = outer;
        _cancellationToken = cancellationToken;
        _takers = new(body.OwnNodesAndSelf().OfType<InvocationExpressionSyntax>().Where(Takes));
        Name = ChooseName();
    }

    /// <summary>The name of the parameter, <c>_</c> if nothing takes the token.</summary>
    public string Name { get; }

    /// <summary>The token that the original passed to its calls, or null.</summary>
    public ExpressionSyntax? Outer => _outer.Count > 0 ? _outer[0] : null;

    /// <summary>The token for code that becomes an operation, or null if the code passes several tokens on.</summary>
    /// <param name="body">The code inside the operation.</param>
    /// <param name="whole">The operation that contains the body and everything else that passed the token on.</param>
    /// <param name="boundary">The border of the operation.</param>
    /// <param name="model">The model of the original code.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    public static OperationToken? For(
        SyntaxNode body, IOperation whole, Boundary boundary, SemanticModel model, CancellationToken cancellationToken)
    {
        if (KnownSymbols.Of(model.Compilation) is not { } symbols)
        {
            return null;
        }

        var outer = OuterTokens.UsedBy(whole, boundary, symbols);
        return OuterTokens.AreOne(outer) ? new(body, model, outer, cancellationToken) : null;
    }

    /// <summary>A part of the body, in which the calls get the token.</summary>
    public TNode PassIn<TNode>(TNode part)
        where TNode : SyntaxNode
    {
        var replaced = Outer is IdentifierNameSyntax { Identifier.ValueText: var outer } && string.Equals(outer, Name, StringComparison.Ordinal)
            ? []
            : _outer.Where(use => part.FullSpan.Contains(use.Span)).ToList();
        var takers = _takers.Where(call => part.FullSpan.Contains(call.Span));
        return part.ReplaceNodes(
            takers.Concat<SyntaxNode>(replaced),
            (original, changed) => original is InvocationExpressionSyntax call && changed is InvocationExpressionSyntax changedCall
                ? changedCall.WithArgumentList(TokenArguments.With(changedCall.ArgumentList, Name, ParameterOf(call)))
                : SyntaxFactory.IdentifierName(Name).WithTriviaFrom(changed));
    }

    private bool Takes(InvocationExpressionSyntax call) =>
        !call.Ancestors().TakeWhile(ancestor => ancestor != _body).Any(ancestor => ancestor is CatchClauseSyntax or FinallyClauseSyntax)
        && TokenArguments.Add(call, _model, Discard, _cancellationToken) is not null;

    private string? ParameterOf(InvocationExpressionSyntax call) =>
        TokenArguments.Add(call, _model, Name, _cancellationToken)?.ArgumentList.Arguments.Last().NameColon?.Name.Identifier.ValueText;

    private string ChooseName()
    {
        if (Outer is null && _takers.Count == 0 && !UsesName(Discard))
        {
            return Discard;
        }

        var preferred = Outer is IdentifierNameSyntax name && _model.GetSymbolInfo(name, _cancellationToken).Symbol is ILocalSymbol or IParameterSymbol
            ? name.Identifier.Text
            : Outer is null ? TokenArguments.InScope(_model, _body.SpanStart)?.Name : null;
        return preferred ?? Fallbacks.FirstOrDefault(fallback => !UsesName(fallback)) ?? Fallbacks[0];
    }

    /// <summary>Whether the body declares or uses a name, which a parameter of that name would hide or collide with.</summary>
    private bool UsesName(string name) => _body.DescendantTokens().Any(token =>
        token.IsKind(SyntaxKind.IdentifierToken)
        && string.Equals(token.ValueText, name, StringComparison.Ordinal)
        && token.Parent is not IdentifierNameSyntax { Parent: NameColonSyntax or MemberBindingExpressionSyntax }
        && (token.Parent?.Parent as MemberAccessExpressionSyntax)?.Name != token.Parent);
}
