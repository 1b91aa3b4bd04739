using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>Specifies the delay before each retry.</summary>
/// <remarks>An immutable value with equality. <see cref="Delays"/> lists its delays.
/// <see cref="Parse(string, IFormatProvider)">Parse</see> reads the text that <see cref="ToString"/> returns, and so does the
/// configuration of .NET.</remarks>
[StructLayout(LayoutKind.Auto)]
[TypeConverter(typeof(BackoffConverter))]
public readonly record struct Backoff : IParsable<Backoff>
{
    private const string Forms =
        "None, Constant(delay), Linear(step, max) or Exponential(first, max) with times such as 00:00:01";

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

    /// <summary>Reads the text that <see cref="ToString"/> returns.</summary>
    /// <param name="s">None, Constant(delay), Linear(step, max) or Exponential(first, max), in any case, with times such as
    /// 00:00:01.</param>
    /// <param name="provider">Ignored: the text does not depend on a culture.</param>
    /// <returns>The backoff.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="s"/> is null.</exception>
    /// <exception cref="FormatException">The text has another form.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A time is outside its range.</exception>
    public static Backoff Parse(string s, IFormatProvider? provider)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryRead(s, out var kind, out var first, out var max)
            ? Create(kind, first, max)
            : throw new FormatException($"A backoff must be {Forms}; it was '{s}'.");
    }

    /// <summary>Reads the text that <see cref="ToString"/> returns, if it is valid.</summary>
    /// <param name="s">The text, as for <see cref="Parse(string, IFormatProvider)">Parse</see>.</param>
    /// <param name="provider">Ignored: the text does not depend on a culture.</param>
    /// <param name="result">The backoff; <see cref="None"/> if the text is not valid.</param>
    /// <returns>true if the text has the form of a backoff and its times are in their ranges; otherwise, false.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Backoff result)
    {
        result = default;
        if (s is null || !TryRead(s, out var kind, out var first, out var max))
        {
            return false;
        }

        try
        {
            result = Create(kind, first, max);
            return true;
        }
        catch (ArgumentOutOfRangeException)
        {
            return false;
        }
    }

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

    private static Backoff Create(string kind, TimeSpan first, TimeSpan max) => kind switch
    {
        "NONE" => None,
        "CONSTANT" => Constant(first),
        "LINEAR" => Linear(first, max),
        _ => Exponential(first, max),
    };

    /// <summary>Splits "Kind(time, time)". The kind is in upper case and has as many times as it needs.</summary>
    private static bool TryRead(string text, out string kind, out TimeSpan first, out TimeSpan max)
    {
        (first, max) = (default, default);
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var end = text.AsSpan().TrimEnd();
        kind = (open < 0 ? text : text[..open]).Trim().ToUpperInvariant();
        if (open < 0)
        {
            return kind is "NONE";
        }

        var times = end.EndsWith(")") ? text[(open + 1)..(end.Length - 1)].Split(',') : [];
        return (kind, times.Length) switch
        {
            ("CONSTANT", 1) => IsTime(times[0], out first),
            ("LINEAR" or "EXPONENTIAL", 2) => IsTime(times[0], out first) && IsTime(times[1], out max),
            _ => false,
        };

        // A number without a colon would be a number of days.
        static bool IsTime(string text, out TimeSpan time) =>
            TimeSpan.TryParseExact(text.Trim(), "c", CultureInfo.InvariantCulture, out time)
            && text.Contains(':', StringComparison.Ordinal);
    }

    private TimeSpan Jittered(TimeSpan previous, Random random)
    {
        var span = (previous.Ticks * 3) - _first.Ticks;
        return TimeSpan.FromTicks(Math.Min(_first.Ticks + (long)(random.NextDouble() * span), _max.Ticks));
    }

    /// <summary>Converts the text of a configuration.</summary>
    private sealed class BackoffConverter : TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
            sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

        public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
            value is string text ? Parse(text, null) : base.ConvertFrom(context, culture, value);
    }
}
