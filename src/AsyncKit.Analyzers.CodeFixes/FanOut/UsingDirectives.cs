using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Adds a using directive to a document that needs one.</summary>
internal static class UsingDirectives
{
    /// <summary>Whether the extension methods of AsyncKit are not visible at a position.</summary>
    public static bool IsNeeded(SemanticModel model, int position, ITypeSymbol? extended) => extended is not null
        && model.LookupSymbols(position, extended, "FanOutAsync", includeReducedExtensionMethods: true).Length == 0;

    /// <summary>The root with a directive where the others are, in the order of their names, those of System first.</summary>
    public static SyntaxNode Add(SyntaxNode root, string name)
    {
        var unit = (CompilationUnitSyntax)root;
        var directive = SyntaxFactory.UsingDirective(SyntaxFactory.ParseName(name))
            .WithUsingKeyword(SyntaxFactory.Token(SyntaxKind.UsingKeyword).WithTrailingTrivia(SyntaxFactory.Space))
            .WithTrailingTrivia(root.LineBreak());
        var owner = unit.Usings.Count == 0
            ? unit.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
                .OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault(space => space.Usings.Count > 0)
            : null;
        return owner is not null
            ? root.ReplaceNode(owner, owner.WithUsings(Insert(owner.Usings, directive)))
            : unit.Usings.Count > 0
                ? unit.WithUsings(Insert(unit.Usings, directive))
                : AddFirst(unit, directive);
    }

    private static SyntaxList<UsingDirectiveSyntax> Insert(SyntaxList<UsingDirectiveSyntax> usings, UsingDirectiveSyntax directive)
    {
        var index = usings.TakeWhile(other => ComesFirst(other, directive)).Count();
        if (index == 0)
        {
            var first = usings[0];
            return usings
                .Replace(first, first.WithLeadingTrivia(first.Indentation()))
                .Insert(0, directive.WithLeadingTrivia(first.GetLeadingTrivia()));
        }

        return usings.Insert(index, directive.WithLeadingTrivia(usings[index - 1].Indentation()));
    }

    private static bool ComesFirst(UsingDirectiveSyntax other, UsingDirectiveSyntax directive)
    {
        var name = other.Name?.ToString() ?? "";
        return other.GlobalKeyword.IsKind(SyntaxKind.GlobalKeyword)
            || (!other.StaticKeyword.IsKind(SyntaxKind.StaticKeyword)
                && other.Alias is null
                && (name is "System" || name.StartsWith("System.", StringComparison.Ordinal)
                    || string.CompareOrdinal(name, directive.Name!.ToString()) < 0));
    }

    /// <summary>Before the first declaration, with the comment at the top of the file before it.</summary>
    private static CompilationUnitSyntax AddFirst(CompilationUnitSyntax unit, UsingDirectiveSyntax directive)
    {
        var lineBreak = unit.LineBreak();
        var top = unit.GetLeadingTrivia();
        var header = HeaderLength(top);
        return unit
            .WithLeadingTrivia(SyntaxFactory.TriviaList(lineBreak).AddRange(top.Skip(header)))
            .WithUsings(SyntaxFactory.SingletonList(directive.WithLeadingTrivia(top.Take(header))));
    }

    /// <summary>The length of the comment and the directives that an empty line separates from the code.</summary>
    private static int HeaderLength(SyntaxTriviaList trivia)
    {
        var length = 0;
        for (var i = 0; i < trivia.Count; i++)
        {
            var isEmptyLine = trivia[i].IsKind(SyntaxKind.EndOfLineTrivia) && (i == 0 || trivia[i - 1].IsKind(SyntaxKind.EndOfLineTrivia) || trivia[i - 1].IsDirective);
            if (isEmptyLine || trivia[i].IsDirective)
            {
                length = i + 1;
            }
        }

        return length;
    }
}
