using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>Names that a user knows from .NET, for which an extension of ours would be taken.</summary>
internal static class KnownNames
{
    private static readonly string[] Owners =
    [
        "System.Linq.Enumerable",
        "System.Linq.ParallelEnumerable",
        "System.Linq.Queryable",
        "System.Linq.AsyncEnumerable",
        "System.Threading.Tasks.Parallel",
        "System.Threading.Tasks.Task",
        "System.Threading.Tasks.Task`1",
        "System.Threading.Tasks.ValueTask",
        "System.Threading.Tasks.ValueTask`1",
        "System.Threading.Tasks.TaskExtensions",
        "System.Threading.Tasks.TaskAsyncEnumerableExtensions",
        "System.Collections.Generic.List`1",
        "System.Collections.Generic.IAsyncEnumerable`1",
    ];

    /// <summary>Read from the platform, so that a new version of .NET adds its own.</summary>
    public static IReadOnlySet<string> Of(Compilation compilation) => Owners
        .SelectMany(owner => (compilation.GetTypeByMetadataName(owner)
            ?? throw new InvalidOperationException($".NET has no type {owner}.")).GetMembers())
        .OfType<IMethodSymbol>()
        .Where(method => method is { MethodKind: MethodKind.Ordinary, DeclaredAccessibility: Accessibility.Public })
        .Select(method => method.Name)
        .ToHashSet(StringComparer.Ordinal);
}
