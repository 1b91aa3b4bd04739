namespace AsyncKit.RabbitMQ;

/// <summary>Represents the failure of a remote operation, as the worker reported it.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>The exception's type is a name. No type is loaded because of it.</item>
/// <item><c>Data["AsyncKit.Transient"]</c> is true if <see cref="Transient.IsTransient"/> was true for the exception on
/// the worker, so a <see cref="Retry"/> treats a remote failure like a local one.</item>
/// </list>
/// </remarks>
#pragma warning disable CA1032, MA0015 // Only a remote operation creates it.
public sealed class RemoteOperationException : Exception
#pragma warning restore CA1032, MA0015
{
    internal RemoteOperationException(string operation, RemoteFault fault)
        : base($"The remote operation {operation} failed on {fault.Worker}: {fault.Type}: {fault.Message}")
    {
        Operation = operation;
        Worker = fault.Worker;
        RemoteType = fault.Type;
        RemoteMessage = fault.Message;
        RemoteStackTrace = fault.StackTrace;
        if (fault.IsTransient)
        {
            Data["AsyncKit.Transient"] = true;
        }
    }

    /// <summary>The name of the operation.</summary>
    public string Operation { get; }

    /// <summary>The name of the worker that reported the failure.</summary>
    public string Worker { get; }

    /// <summary>The full name of the exception's type on the worker, for example
    /// "System.InvalidOperationException".</summary>
    public string RemoteType { get; }

    /// <summary>The message of the exception on the worker, without its end if it has more than 16,384
    /// characters.</summary>
    public string RemoteMessage { get; }

    /// <summary>The stack trace of the exception on the worker, or null if the operation threw none. Without its end if
    /// it has more than 16,384 characters.</summary>
    public string? RemoteStackTrace { get; }
}
