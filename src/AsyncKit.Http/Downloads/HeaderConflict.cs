using System.Net.Http.Headers;

namespace AsyncKit.Http;

/// <summary>Finds headers that a server sent with different values.</summary>
internal static class HeaderConflict
{
    /// <summary>Returns true if the header has two different values. .NET returns the first of them, which proves
    /// nothing.</summary>
    public static bool HasConflict(this HttpHeaders headers, string name)
    {
        if (!headers.NonValidated.TryGetValues(name, out var values) || values.Count < 2)
        {
            return false;
        }

        var first = values.First();
        return values.Any(value => !value.Equals(first, StringComparison.Ordinal));
    }
}
