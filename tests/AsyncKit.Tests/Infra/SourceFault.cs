namespace AsyncKit.Tests;

/// <summary>The member of a <see cref="ProbedSource"/> that throws.</summary>
public enum SourceFault
{
    None,
    GetEnumerator,
    MoveNext,
    Current,
    Dispose,
}
