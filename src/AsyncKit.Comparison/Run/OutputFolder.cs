namespace AsyncKit.Comparison;

/// <summary>The folder of the reports. It is checked before the first measurement.</summary>
internal static class OutputFolder
{
    /// <summary>Returns the reason why a report cannot be written there, or null.</summary>
    public static string? Problem(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var trial = Path.Combine(folder, ".write-test");
            File.WriteAllText(trial, "");
            File.Delete(trial);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"The output folder '{folder}' cannot be written: {exception.Message}";
        }
    }
}
