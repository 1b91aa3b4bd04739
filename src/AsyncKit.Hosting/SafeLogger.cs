using Microsoft.Extensions.Logging;

namespace AsyncKit.Hosting;

/// <summary>Passes messages to the logger of the user. A logger that throws must not end a consumer, a link or a worker, and
/// must not prevent their drain.</summary>
internal sealed class SafeLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => true; // The logger answers inside the guard.

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            if (inner.IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The message is lost.
        }
    }
}
