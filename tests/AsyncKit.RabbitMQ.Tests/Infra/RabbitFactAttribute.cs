namespace AsyncKit.RabbitMQ.Tests;

/// <summary>Marks a test that needs a RabbitMQ server. Without its URI in the environment, the test is skipped and the
/// reason reported.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RabbitFactAttribute : FactAttribute
{
    public const string Variable = "ASYNCKIT_RABBITMQ";

    public RabbitFactAttribute() =>
        Skip = Broker is null ? $"The variable {Variable} has no URI of a RabbitMQ." : null;

    public static Uri? Broker =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? new Uri(text) : null;
}
