namespace AsyncKit.Tests;

/// <summary>Which member of a <see cref="ProbedSource"/> throws.</summary>
public enum SourceFault
{
    None,
    GetEnumerator,
    MoveNext,
    Current,
    Dispose,
}
