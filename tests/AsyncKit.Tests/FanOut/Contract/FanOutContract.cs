namespace AsyncKit.Tests;

/// <summary>
/// What every fan-out guarantees, whatever its source: one test for each line of the type's documentation. Runs on real
/// threads and under schedules.
/// </summary>
public abstract partial class FanOutContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutTests(subject, world, leaks);
