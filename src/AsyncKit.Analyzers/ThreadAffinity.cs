using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers;

/// <summary>Decides whether code may need the thread that it started on.</summary>
internal static class ThreadAffinity
{
    /// <summary>Frameworks that continue on one thread at a time after an await.</summary>
    private static readonly string[] SingleThreaded =
    [
        "PresentationFramework", "System.Windows.Forms", "Avalonia.Base", "Microsoft.Maui.Controls", "Microsoft.WinUI",
        "Uno.UI", "Orleans.Core.Abstractions", "UnityEngine", "GodotSharp",
    ];

    private static readonly string[] Namespaces =
    [
        "System.Windows", "Microsoft.UI.Xaml", "Windows.UI", "Avalonia", "Microsoft.Maui", "Microsoft.AspNetCore.Components",
    ];

    public static bool MayApply(IOperation operation) =>
        operation.References(SingleThreaded)
        || IsComponent(operation.SemanticModel?.GetEnclosingSymbol(operation.Syntax.SpanStart)?.ContainingType);

    /// <summary>Whether the project references one of the assemblies.</summary>
    public static bool References(this IOperation operation, params string[] assemblies) =>
        operation.SemanticModel?.Compilation.ReferencedAssemblyNames
            .Any(name => assemblies.Contains(name.Name, StringComparer.Ordinal)) != false;

    /// <summary>Whether a type or one of its base types belongs to such a framework.</summary>
    private static bool IsComponent(INamedTypeSymbol? type)
    {
        for (var current = type; current is { SpecialType: SpecialType.None }; current = current.BaseType)
        {
            var space = current.ContainingNamespace.ToDisplayString();
            if (Namespaces.Any(name => space.StartsWith(name, StringComparison.Ordinal)
                && (space.Length == name.Length || space[name.Length] == '.')))
            {
                return true;
            }
        }

        return false;
    }
}
