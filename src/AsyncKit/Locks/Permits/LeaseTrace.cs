using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// Who holds a lease, disposed it twice or never: for looking for a mistake, since it takes the stack of each
/// acquiring. On with the AppContext switch AsyncKit.TraceLeases, read once; otherwise the JIT takes it out.
/// </summary>
internal static class LeaseTrace
{
    private const string Switch = "AsyncKit.TraceLeases";

    private static readonly string[] Own =
    [
        nameof(LeaseTrace), nameof(Permit), nameof(PermitQueue), nameof(SinglePermitQueue), nameof(MultiPermitQueue), nameof(Lease), nameof(AsyncLock),
        nameof(KeyedLock<int>), nameof(ConcurrencyGate), nameof(AsyncPool<int>), nameof(PooledLease<int>),
    ];

#if DEBUG
    /// <summary>Tests set it.</summary>
    public static bool IsOn { get; set; } = AppContext.TryGetSwitch(Switch, out var isSet) && isSet;
#else
    public static bool IsOn { get; } = AppContext.TryGetSwitch(Switch, out var isSet) && isSet;
#endif

    /// <summary>The method that called the library; null when leases are not traced.</summary>
    public static string? Holder() => IsOn ? Caller() : null;

    public static void DisposedTwice(string what)
    {
        if (IsOn)
        {
            Trace.TraceWarning($"AsyncKit: a lease of {what} was disposed again, by {Caller()}.");
        }
    }

    public static void NeverDisposed(string what, string holder) =>
        Trace.TraceWarning($"AsyncKit: a lease of {what} was never disposed; it was acquired by {holder}.");

    private static string Caller()
    {
        foreach (var line in new StackTrace().ToString().Split('\n', StringSplitOptions.TrimEntries))
        {
            var method = line.StartsWith("at ", StringComparison.Ordinal) ? line[3..] : line;
            if (!Array.Exists(Own, name => IsOf(method, name)))
            {
                return method;
            }
        }

        return "an unknown method";
    }

    private static bool IsOf(string method, string type) =>
        method.StartsWith($"AsyncKit.{type}.", StringComparison.Ordinal)
        || method.StartsWith($"AsyncKit.{type}`", StringComparison.Ordinal);
}
