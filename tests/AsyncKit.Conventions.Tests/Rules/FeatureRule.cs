using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Conventions.Tests;

/// <summary>A feature, which is a folder of the core, uses Runtime and the public types of other features, but not
/// their internal types.</summary>
internal static class FeatureRule
{
    private const string Shared = "Runtime";

    private const string ItemOptions = "An item has a timeout and retries, without the delegates of the public methods.";
    private const string CleanupLimit = "A cleanup has a limit, and its failures are collected instead of thrown.";
    private const string SharedQueue = "One permit queue is under the lock, the gate and the pool.";

    /// <summary>Each exception with its reason. The key is the using feature and the used type.</summary>
    public static readonly IReadOnlyDictionary<string, string> Exceptions =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["FanOut -> DeadlineContext"] = ItemOptions,
            ["FanOut -> DeadlineEngine"] = ItemOptions,
            ["FanOut -> RetryEngine"] = ItemOptions,
            ["Lifetimes -> DeadlineContext"] = CleanupLimit,
            ["Lifetimes -> DeadlineEngine"] = CleanupLimit,
            ["Lifetimes -> DeadlineOutcome"] = CleanupLimit,
            ["Offload -> Operation"] = "FanOutBlockingAsync is an entry point of the fan-out.",
            ["Pools -> IPermitObserver"] = SharedQueue,
            ["Pools -> MultiPermitQueue"] = SharedQueue,
            ["Pools -> PermitQueue"] = SharedQueue,
        };

    /// <param name="sources">The text of each file by its path from the folder of the features.</param>
    /// <param name="exceptions">Uses that are allowed, as "Feature -> Type".</param>
    /// <returns>A sentence for each file and each internal type of another feature that it uses.</returns>
    public static IEnumerable<string> UsesNoInternals(
        IReadOnlyDictionary<string, string> sources, IReadOnlyCollection<string> exceptions) =>
        from use in Uses(sources)
        where !exceptions.Contains(use.Key, StringComparer.Ordinal)
        select $"{use.Path} uses {use.Type}, an internal type of {use.Owner}.";

    /// <returns>The exceptions that no file needs.</returns>
    public static IEnumerable<string> Unused(
        IReadOnlyDictionary<string, string> sources, IEnumerable<string> exceptions) =>
        exceptions.Except(Uses(sources).Select(use => use.Key), StringComparer.Ordinal);

    private static IEnumerable<Use> Uses(IReadOnlyDictionary<string, string> sources)
    {
        var trees = sources.Select(source => CSharpSyntaxTree.ParseText(source.Value, path: source.Key));
        var compilation = CSharpCompilation.Create(
            "Features",
            [CSharpSyntaxTree.ParseText(Platform.ImplicitUsings), .. trees],
            Platform.References,
            Platform.Options(OutputKind.DynamicallyLinkedLibrary));
        return compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0)
            .SelectMany(tree => UsesIn(tree, compilation.GetSemanticModel(tree)))
            .Distinct();
    }

    private static IEnumerable<Use> UsesIn(SyntaxTree tree, SemanticModel model) =>
        from name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
        let type = model.GetSymbolInfo(name).Symbol as INamedTypeSymbol
        where type is { DeclaredAccessibility: Accessibility.Internal, DeclaringSyntaxReferences.Length: > 0 }
        let owners = type.DeclaringSyntaxReferences.Select(part => FeatureOf(part.SyntaxTree.FilePath)).ToList()
        let user = FeatureOf(tree.FilePath)
        where !owners.Contains(user, StringComparer.Ordinal) && !owners.Contains(Shared, StringComparer.Ordinal)
        select new Use(tree.FilePath, user, owners[0], type.Name);

    private static string FeatureOf(string path) => path.Split('/')[0];

    private sealed record Use(string Path, string User, string Owner, string Type)
    {
        public string Key => $"{User} -> {Type}";
    }
}
