namespace AsyncKit.Comparison;

/// <summary>A variant: its name, its code and the work itself.</summary>
/// <param name="Name">The name in every report.</param>
/// <param name="Notes">The description for the reader.</param>
/// <param name="Code">The source text of the delegate.</param>
/// <param name="HasResult">False if the work returns nothing.</param>
/// <param name="RunAsync">Does the work over the first items, and returns the result or null.</param>
internal sealed record VariantDefinition(
    string Name,
    VariantNotes Notes,
    string Code,
    bool HasResult,
    Func<int, CancellationToken, Task<object?>> RunAsync);
