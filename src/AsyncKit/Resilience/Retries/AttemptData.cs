namespace AsyncKit;

/// <summary>Reads and writes the entries about attempts in <see cref="Exception.Data"/>.</summary>
/// <remarks>Data is virtual. An exception class that throws from it must not replace the exception to report.</remarks>
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
            // See the remarks.
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
            // See the remarks.
        }
    }
}
