using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>How long to wait before each further attempt. A value: it can be compared, shared, and listed with
/// <see cref="Delays"/>.</summary>
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

    /// <summary>No wait at all; the default value.</summary>
    public static Backoff None => default;

    /// <summary>Always the same wait.</summary>
    /// <param name="delay">Zero to 49 days.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The delay is not in the range.</exception>
    public static Backoff Constant(TimeSpan delay)
    {
        _ = Guards.InRange(delay, TimeSpan.Zero, Guards.MaxTimeout);
        return new(Kind.Linear, delay, delay);
    }

    /// <summary>Longer by a step each time: the step, twice the step, and so on, up to a most.</summary>
    /// <param name="step">Zero to 49 days.</param>
    /// <param name="max">From <paramref name="step"/> to 49 days.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is not in its range.</exception>
    public static Backoff Linear(TimeSpan step, TimeSpan max) =>
        new(Kind.Linear, Guards.InRange(step, TimeSpan.Zero, Guards.MaxTimeout), Guards.InRange(max, step, Guards.MaxTimeout));

    /// <summary>Exponential with decorrelated jitter: each delay is drawn uniformly from <paramref name="first"/> to three
    /// times the one before, up to a most. So clients that failed together do not come back together.</summary>
    /// <param name="first">The first bound and the least delay: more than zero, since from zero nothing grows, to 49
    /// days.</param>
    /// <param name="max">The most: from <paramref name="first"/> to 49 days.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is not in its range.</exception>
    /// <remarks>Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, there called
    /// decorrelated jitter; the one before the first is <paramref name="first"/>.</remarks>
    public static Backoff Exponential(TimeSpan first, TimeSpan max) =>
        new(
            Kind.Exponential,
            Guards.InRange(first, TimeSpan.FromTicks(1), Guards.MaxTimeout),
            Guards.InRange(max, first, Guards.MaxTimeout));

    /// <summary>The delays of one operation, for looking at and for tests. The same seed gives the same ones.</summary>
    /// <param name="seed">For the jitter; without effect where there is none.</param>
    /// <returns>As many as are asked for.</returns>
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

    /// <summary>What it is and its bounds.</summary>
    /// <returns>A line for people.</returns>
    public override string ToString() => _kind switch
    {
        Kind.None => "None",
        Kind.Linear when _first == _max => $"Constant({_first:c})",
        Kind.Linear => $"Linear({_first:c}, {_max:c})",
        _ => $"Exponential({_first:c}, {_max:c})",
    };

    /// <param name="attempt">The one that has failed, from 1.</param>
    /// <param name="previous">The delay before that attempt; zero when it was the first.</param>
    /// <param name="random">For the jitter.</param>
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
