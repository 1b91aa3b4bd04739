namespace AsyncKit.Http;

/// <summary>The types of the assembly of <see cref="HttpClient"/>.</summary>
internal static class DotNetTypes
{
    /// <param name="type">The type.</param>
    /// <param name="latest">The latest type of the assembly that this caller passed, which saves the look-up.</param>
    public static bool Contains(Type type, ref Type? latest)
    {
        if (type == latest)
        {
            return true;
        }

        var isContained = type.Assembly == typeof(HttpContent).Assembly;
        latest = isContained ? type : latest;
        return isContained;
    }
}
