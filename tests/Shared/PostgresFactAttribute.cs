namespace AsyncKit.Tests;

/// <summary>Marks a test that needs a PostgreSQL server. Without a connection string in the environment, the test is
/// skipped and the reason reported.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public const string Variable = "ASYNCKIT_POSTGRES";

    public PostgresFactAttribute() =>
        Skip = ConnectionString is null ? $"The variable {Variable} has no connection string to a PostgreSQL." : null;

    public static string? ConnectionString =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? text : null;
}
