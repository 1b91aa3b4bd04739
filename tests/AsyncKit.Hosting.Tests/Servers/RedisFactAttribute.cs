namespace AsyncKit.Hosting.Tests;

/// <summary>Marks a test that needs a Redis server. Without its address in the environment, the test is skipped and the
/// reason reported.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RedisFactAttribute : FactAttribute
{
    public const string Variable = "ASYNCKIT_REDIS";

    public RedisFactAttribute() => Skip = Address is null ? $"The variable {Variable} has no address of a Redis." : null;

    public static string? Address => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? text : null;
}
