using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>What the tests of lanes share.</summary>
internal static class Lanes
{
    public static BlockingLane Of(int maxThreads) => new(new BlockingLaneOptions { Name = "test", MaxThreads = maxThreads });

    /// <summary>The name of the thread it runs on.</summary>
    public static string ThreadName() => Thread.CurrentThread.Name ?? "";

    /// <summary>An interrupt that is pending would be thrown here.</summary>
    public static void AnyWait() => Thread.CurrentThread.Join(0);

    internal sealed class Lines : ILogger
    {
        private readonly List<(LogLevel Level, EventId Id, string Text, Exception? Exception)> _lines = [];

        public IReadOnlyList<(LogLevel Level, EventId Id, string Text, Exception? Exception)> All
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

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
                _lines.Add((logLevel, eventId, formatter(state, exception), exception));
            }
        }
    }
}
