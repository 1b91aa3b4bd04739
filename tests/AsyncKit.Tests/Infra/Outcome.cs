namespace AsyncKit.Tests;

/// <summary>What a <see cref="ScriptedBody"/> does with an item.</summary>
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
