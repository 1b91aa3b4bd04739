using System.Globalization;
using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>
/// Rounds of a stress test on real threads, each with a seed of its own, for as long as there is time: six seconds,
/// shared by all tests of the trait Stress, or as many as ASYNCKIT_STRESS_SECONDS says.
/// </summary>
internal static class StressTime
{
    public const string Trait = "Stress";

    private const string Variable = "ASYNCKIT_STRESS_SECONDS";
    private const double DefaultSeconds = 6;

    private static readonly TimeSpan Share = TimeSpan.FromSeconds(Seconds()) / CountTests();

    /// <param name="round">Gets the seed; a failure names it.</param>
    public static async Task RunAsync(Func<int, Task> round)
    {
        var start = TimeProvider.System.GetTimestamp();
        var seed = 0;
        do
        {
            seed++;
            try
            {
                await round(seed);
            }
            catch (Exception exception)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"Round with seed {seed}: {exception}"));
            }
        }
        while (TimeProvider.System.GetElapsedTime(start) < Share);
    }

    private static double Seconds() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
        ? double.Parse(text, CultureInfo.InvariantCulture)
        : DefaultSeconds;

    private static int CountTests() => typeof(StressTime).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .Count(method => method.GetCustomAttributesData().Any(IsStress));

    private static bool IsStress(CustomAttributeData attribute) =>
        attribute.AttributeType == typeof(TraitAttribute)
        && string.Equals(attribute.ConstructorArguments[0].Value as string, Trait, StringComparison.Ordinal);
}
