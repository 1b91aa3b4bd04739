using System.Globalization;
using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>
/// Repeats the rounds of a stress test on real threads, each with a different seed. All tests of the trait Stress share
/// six seconds, or the value of ASYNCKIT_STRESS_SECONDS.
/// </summary>
internal static class StressTime
{
    public const string Trait = "Stress";

    private const string Variable = "ASYNCKIT_STRESS_SECONDS";
    private const double DefaultSeconds = 6;

    private static readonly TimeSpan Share = TimeSpan.FromSeconds(Seconds()) / CountTests();

    /// <param name="round">The test. It receives the seed, which a failure names.</param>
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

    /// <summary>Lets other threads run, in different ways and often not at all.</summary>
    public static async ValueTask PauseAsync(Random random)
    {
        switch (random.Next(11))
        {
            case 0:
                await Task.Yield();
                break;
            case 1:
                Thread.SpinWait(random.Next(1_000));
                break;
            case 2:
                Thread.Yield();
                break;
        }
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
