namespace AsyncKit.Comparison;

/// <summary>Describes a variant for the reader of the report. Nothing here changes how it is measured.</summary>
/// <example>
/// <code>
/// var notes = new VariantNotes { How = "Task.WhenAll", AtOnce = "all", Caveat = "one connection per order" };
/// </code>
/// </example>
public sealed record VariantNotes
{
    /// <summary>How the variant works, in a few words.</summary>
    /// <value>The default is an empty text.</value>
    public string How { get; init; } = "";

    /// <summary>How many items the variant allows at once, for example "32" or "all".</summary>
    /// <value>The default is an empty text.</value>
    public string AtOnce { get; init; } = "";

    /// <summary>A reason to use another variant although this one is fast. The report prints it wherever it says that
    /// the variant is faster.</summary>
    /// <value>The default is an empty text.</value>
    public string Caveat { get; init; } = "";

    /// <summary>true for a variant that the report emphasizes; otherwise, false. The first emphasized variant is the
    /// one that the answer of the scenario is about.</summary>
    public bool IsEmphasized { get; init; }
}
