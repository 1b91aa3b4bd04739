namespace AsyncKit.Tests;

/// <summary>The behaviour of a <see cref="ScriptedBody"/> for one item.</summary>
public enum Outcome
{
    Succeed,
    SucceedAfterYields,
    SucceedAlthoughCancelled,
    ThrowBeforeAwait,
    ThrowAfterYields,
    ThrowForeignCancellation,
    ReturnNull,
    WaitForToken,
}
