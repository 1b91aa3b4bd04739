using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>Counts the callbacks that are registered with a token, by reading private fields of the runtime.</summary>
internal static class Registrations
{
    private const BindingFlags Inside = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    public static int Count(CancellationTokenSource source)
    {
        var registrations = Field(source, "_registrations");
        var node = registrations is null ? null : Field(registrations, "Callbacks");
        var count = 0;
        for (; node is not null; node = Field(node, "Next"))
        {
            count++;
        }

        return count;
    }

    private static object? Field(object from, string name) =>
        (from.GetType().GetField(name, Inside) ?? throw new MissingFieldException(from.GetType().Name, name)).GetValue(from);
}
