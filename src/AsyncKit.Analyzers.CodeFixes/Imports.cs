using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Adds a using directive where it is missing.</summary>
internal static class Imports
{
    public const string AsyncKit = "AsyncKit";
    public const string Http = "AsyncKit.Http";

    /// <summary>The changed root with a using directive, unless the namespace is visible at the position in the
    /// original.</summary>
    public static SyntaxNode WithImport(this SyntaxNode changed, SemanticModel model, int position, string name)
    {
        if (changed is not CompilationUnitSyntax unit || IsVisible(model, position, name))
        {
            return changed;
        }

        var directive = SyntaxFactory.UsingDirective(SyntaxFactory.ParseName(name))
            .WithUsingKeyword(SyntaxFactory.Token(SyntaxKind.UsingKeyword).WithTrailingTrivia(SyntaxFactory.Space))
            .WithTrailingTrivia(changed.LineBreak());
        if (unit.Usings.Count > 0)
        {
            return unit.WithUsings(Insert(unit.Usings, directive));
        }

        return unit.Members.OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault(space => space.Usings.Count > 0) is { } space
            ? unit.ReplaceNode(space, space.WithUsings(Insert(space.Usings, directive)))
            : AsFirst(unit, directive);
    }

    private static bool IsVisible(SemanticModel model, int position, string name)
    {
        for (var space = model.GetEnclosingSymbol(position)?.ContainingNamespace; space is not null; space = space.ContainingNamespace)
        {
            if (string.Equals(space.ToDisplayString(), name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return model.GetImportScopes(position).Any(scope => scope.Imports.Any(import =>
            string.Equals(import.NamespaceOrType.ToDisplayString(), name, StringComparison.Ordinal)));
    }

    /// <summary>Inserts the directive in alphabetical order, with System first.</summary>
    private static SyntaxList<UsingDirectiveSyntax> Insert(
        SyntaxList<UsingDirectiveSyntax> usings, UsingDirectiveSyntax directive)
    {
        var index = usings.Count(IsGlobal);
        for (var i = index; i < usings.Count; i++)
        {
            if (usings[i] is { Alias: null, StaticKeyword.RawKind: (int)SyntaxKind.None } other && ComesBefore(other, directive))
            {
                index = i + 1;
            }
        }

        if (index == 0)
        {
            directive = directive.WithLeadingTrivia(usings[0].GetLeadingTrivia());
            usings = usings.Replace(usings[0], usings[0].WithoutLeadingTrivia());
        }
        else
        {
            directive = directive.WithLeadingTrivia(usings[index - 1].Indentation());
        }

        return usings.Insert(index, directive);
    }

    private static bool IsGlobal(UsingDirectiveSyntax directive) => directive.GlobalKeyword.IsKind(SyntaxKind.GlobalKeyword);

    private static bool ComesBefore(UsingDirectiveSyntax other, UsingDirectiveSyntax directive)
    {
        var name = other.NamespaceOrType.ToString();
        return IsSystem(name)
            || string.Compare(name, directive.NamespaceOrType.ToString(), StringComparison.OrdinalIgnoreCase) < 0;
    }

    private static bool IsSystem(string name) =>
        name is "System" || name.StartsWith("System.", StringComparison.Ordinal);

    /// <summary>The directive comes after the comments that an empty line separates from the code, and before all other
    /// code.</summary>
    private static CompilationUnitSyntax AsFirst(CompilationUnitSyntax unit, UsingDirectiveSyntax directive)
    {
        var first = unit.GetFirstToken(includeZeroWidth: true);
        var trivia = first.LeadingTrivia;
        var header = 0;
        for (var i = 1; i < trivia.Count; i++)
        {
            if (trivia[i].IsKind(SyntaxKind.EndOfLineTrivia) && trivia[i - 1].IsKind(SyntaxKind.EndOfLineTrivia))
            {
                header = i + 1;
            }
        }

        var rest = SyntaxFactory.TriviaList(trivia.Skip(header)).Insert(0, unit.LineBreak());
        return unit.ReplaceToken(first, first.WithLeadingTrivia(rest))
            .WithUsings(SyntaxFactory.SingletonList(
                directive.WithLeadingTrivia(SyntaxFactory.TriviaList(trivia.Take(header)))));
    }
}
