using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>The logger of the tests: records every message, and can throw or run a callback.</summary>
internal sealed class LogLines : ILogger, ILoggerProvider
{
    private readonly List<(LogLevel Level, int Id, string Text, Exception? Exception)> _lines = [];

    public IReadOnlyList<(LogLevel Level, int Id, string Text, Exception? Exception)> All
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The exception that each call throws after recording the message.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Called after each message was recorded.</summary>
    public Action? OnLine { get; init; }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add((logLevel, eventId.Id, formatter(state, exception), exception));
        }

        OnLine?.Invoke();
        if (Fault is not null)
        {
            throw Fault;
        }
    }

    public void Dispose()
    {
        // A logger factory disposes its providers; the recorded messages stay.
    }
}
