using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>Specifies the delay before each retry.</summary>
/// <remarks>An immutable value with equality. <see cref="Delays"/> lists its delays.</remarks>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Backoff
{
    private readonly Kind _kind;
    private readonly TimeSpan _first;
    private readonly TimeSpan _max;

    private Backoff(Kind kind, TimeSpan first, TimeSpan max)
    {
        _kind = kind;
        _first = first;
        _max = max;
    }

    private enum Kind
    {
        None,
        Linear,
        Exponential,
    }

    /// <summary>No delay. This is the default value.</summary>
    public static Backoff None => default;

    /// <summary>Creates a backoff with a constant delay.</summary>
    /// <param name="delay">The delay: zero to 49 days.</param>
    /// <returns>The backoff.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is outside its range.</exception>
    public static Backoff Constant(TimeSpan delay)
    {
        _ = Guards.InRange(delay, TimeSpan.Zero, Guards.MaxTimeout);
        return new(Kind.Linear, delay, delay);
    }

    /// <summary>Creates a backoff whose delay grows by a constant step, up to a maximum.</summary>
    /// <param name="step">The first delay, and the step: zero to 49 days.</param>
    /// <param name="max">The maximum delay: <paramref name="step"/> to 49 days.</param>
    /// <returns>The backoff.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public static Backoff Linear(TimeSpan step, TimeSpan max) =>
        new(Kind.Linear, Guards.InRange(step, TimeSpan.Zero, Guards.MaxTimeout), Guards.InRange(max, step, Guards.MaxTimeout));

    /// <summary>Creates an exponential backoff with decorrelated jitter. Each delay is random, from
    /// <paramref name="first"/> to three times the previous delay, up to a maximum. So clients that failed together do
    /// not retry together.</summary>
    /// <param name="first">The minimum delay, and the previous one of the first delay: more than zero, up to 49
    /// days.</param>
    /// <param name="max">The maximum delay: <paramref name="first"/> to 49 days.</param>
    /// <returns>The backoff.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    /// <remarks>Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, section
    /// "Decorrelated Jitter".</remarks>
    public static Backoff Exponential(TimeSpan first, TimeSpan max) =>
        new(
            Kind.Exponential,
            Guards.InRange(first, TimeSpan.FromTicks(1), Guards.MaxTimeout),
            Guards.InRange(max, first, Guards.MaxTimeout));

    /// <summary>Returns the delays of one operation, for inspection and tests. The same seed returns the same
    /// delays.</summary>
    /// <param name="seed">The seed of the jitter. A backoff without jitter ignores it.</param>
    /// <returns>An endless sequence of delays.</returns>
    public IEnumerable<TimeSpan> Delays(int seed)
    {
        var random = new Random(seed);
        var previous = TimeSpan.Zero;
        for (var attempt = 1; ; attempt += attempt < int.MaxValue ? 1 : 0)
        {
            previous = Next(attempt, previous, random);
            yield return previous;
        }
    }

    /// <summary>Returns the kind of the backoff and its bounds.</summary>
    /// <returns>A text such as "Linear(00:00:01, 00:00:10)".</returns>
    public override string ToString() => _kind switch
    {
        Kind.None => "None",
        Kind.Linear when _first == _max => $"Constant({_first:c})",
        Kind.Linear => $"Linear({_first:c}, {_max:c})",
        _ => $"Exponential({_first:c}, {_max:c})",
    };

    /// <param name="attempt">The number of the failed attempt, from 1.</param>
    /// <param name="previous">The delay before that attempt; zero for the first one.</param>
    /// <param name="random">The source of the jitter.</param>
    internal TimeSpan Next(int attempt, TimeSpan previous, Random random) => _kind switch
    {
        Kind.None => TimeSpan.Zero,
        Kind.Linear => TimeSpan.FromTicks((long)Math.Min((double)_first.Ticks * attempt, _max.Ticks)),
        _ => Jittered(previous > _first ? previous : _first, random),
    };

    private TimeSpan Jittered(TimeSpan previous, Random random)
    {
        var span = (previous.Ticks * 3) - _first.Ticks;
        return TimeSpan.FromTicks(Math.Min(_first.Ticks + (long)(random.NextDouble() * span), _max.Ticks));
    }
}
