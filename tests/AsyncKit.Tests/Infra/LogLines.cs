using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class LogLines : ILogger
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

    public Exception? Fault { get; init; }

    public Action? OnLine { get; init; }

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
}
