namespace AsyncKit.Tests;

/// <summary>A test that needs a PostgreSQL: the connection string comes from the environment. Without it the test is
/// reported as skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public const string Variable = "ASYNCKIT_POSTGRES";

    public PostgresFactAttribute() =>
        Skip = ConnectionString is null ? $"The variable {Variable} has no connection string to a PostgreSQL." : null;

    public static string? ConnectionString =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? text : null;
}
