namespace AsyncKit;

/// <summary>What an exception says of the attempts before it.</summary>
/// <remarks>Data is virtual: an exception class that refuses the entry must not replace its own report.</remarks>
internal static class AttemptData
{
    private const string CountKey = "AsyncKit.Attempts";
    private const string EarlierKey = "AsyncKit.EarlierExceptions";

    public static void Set(Exception exception, int attempts, Exception[] earlier)
    {
        try
        {
            exception.Data[CountKey] = attempts;
            if (earlier.Length > 0)
            {
                exception.Data[EarlierKey] = earlier;
            }
        }
        catch (Exception)
        {
            // See above.
        }
    }

    public static void Copy(Exception? source, Exception target)
    {
        try
        {
            if (source?.Data[CountKey] is int attempts)
            {
                Set(target, attempts, source.Data[EarlierKey] as Exception[] ?? []);
            }
        }
        catch (Exception)
        {
            // See above.
        }
    }
}
