namespace AsyncKit.Tests;

/// <summary>
/// The guarantees of every fan-out, for any source: one test for each guarantee that FanOutAsync documents. Runs on
/// real threads and in controlled schedules.
/// </summary>
public abstract partial class FanOutContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutTests(subject, world, leaks);
