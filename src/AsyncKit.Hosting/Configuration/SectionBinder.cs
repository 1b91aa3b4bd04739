using System.Collections;
using Microsoft.Extensions.Configuration;

namespace AsyncKit.Hosting;

/// <summary>Reads options of one type from a configuration section, without reflection.</summary>
/// <typeparam name="TOptions">The type of the options.</typeparam>
/// <param name="type">The name of the options in messages.</param>
/// <param name="required">The keys that a section must contain.</param>
/// <remarks>
/// Every fault becomes a sentence that contains the path of the key, the rule and the value. An unknown key is a fault,
/// because a misspelled option would be ignored. A key whose value is null keeps the default.
/// </remarks>
internal sealed class SectionBinder<TOptions>(string type, params IReadOnlyList<string> required) : IEnumerable<string>
{
    private readonly SortedDictionary<string, Setter> _setters = new(StringComparer.OrdinalIgnoreCase);

    public delegate TOptions Setter(TOptions options, IConfigurationSection section, ICollection<string> faults);

    /// <summary>Adds an option that has one value.</summary>
    public void Add<TValue>(string key, SectionValue<TValue> kind, Func<TOptions, TValue, TOptions> set) =>
        _setters.Add(key, (options, section, faults) =>
        {
            if (!TryRead(kind, section, faults, out var value))
            {
                return options;
            }

            try
            {
                return set(options, value);
            }
            catch (ArgumentException exception)
            {
                faults.Add(section.Path + RuleOf(exception, out _));
                return options;
            }
        });

    /// <summary>Adds an option that is a section itself.</summary>
    /// <param name="key">The key.</param>
    /// <param name="binder">The options of the section.</param>
    /// <param name="current">Returns the options that the section changes.</param>
    /// <param name="set">Sets the changed options.</param>
    public void Add<TValue>(
        string key,
        SectionBinder<TValue> binder,
        Func<TOptions, TValue> current,
        Func<TOptions, TValue, TOptions> set) =>
        _setters.Add(key, (options, section, faults) =>
        {
            if (section.Value is { } text)
            {
                faults.Add($"{section.Path} must be a section; it was '{text}'.");
                return options;
            }

            var before = faults.Count;
            try
            {
                return section.Exists() && binder.Bind(section, current(options), faults) is var value
                    && faults.Count == before
                        ? set(options, value)
                        : options;
            }
            catch (ArgumentException exception)
            {
                var rule = RuleOf(exception, out var parameter);
                var name = binder.FirstOrDefault(one => one.Equals(parameter, StringComparison.OrdinalIgnoreCase));
                faults.Add(name is null ? section.Path + rule : $"{section.Path}:{name}{rule}");
                return options;
            }
        });

    /// <summary>Adds an option that is a list of values.</summary>
    public void Add<TValue>(string key, SectionValue<TValue> kind, Func<TOptions, IReadOnlyList<TValue>, TOptions> set) =>
        _setters.Add(key, (options, section, faults) =>
        {
            if (!string.IsNullOrEmpty(section.Value))
            {
                faults.Add($"{section.Path} must be a list; it was '{section.Value}'.");
                return options;
            }

            var values = new List<TValue>();
            foreach (var element in section.GetChildren())
            {
                if (TryRead(kind, element, faults, out var value))
                {
                    values.Add(value);
                }
            }

            return section.Exists() || section.Value is not null ? set(options, values) : options;
        });

    /// <summary>Returns the options with the values of the section. If it adds a fault, the result must not be
    /// used.</summary>
    public TOptions Bind(IConfigurationSection section, TOptions options, ICollection<string> faults)
    {
        foreach (var child in section.GetChildren())
        {
            if (_setters.TryGetValue(child.Key, out var set))
            {
                options = set(options, child, faults);
            }
            else
            {
                faults.Add($"{child.Path} is not an option of {type}; the options are {string.Join(", ", _setters.Keys)}.");
            }
        }

        foreach (var key in required.Where(key => !section.GetSection(key).Exists()))
        {
            faults.Add($"{section.Path}:{key} must be set.");
        }

        return options;
    }

    public IEnumerator<string> GetEnumerator() => _setters.Keys.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool TryRead<TValue>(
        SectionValue<TValue> kind, IConfigurationSection section, ICollection<string> faults, out TValue value)
    {
        value = default!;
        if (section.Value is not { } text)
        {
            if (section.GetChildren().Any())
            {
                faults.Add($"{section.Path} must be {kind.Rule}; it was a section.");
            }

            return false;
        }

        if (kind.TryParse(text, out var parsed))
        {
            value = parsed;
            return true;
        }

        faults.Add($"{section.Path} must be {kind.Rule}; it was '{text}'.");
        return false;
    }

    /// <summary>Returns the rule and the value of a guard's message, without the name of the parameter.</summary>
    private static string RuleOf(ArgumentException exception, out string? parameter)
    {
        parameter = exception.ParamName;
        var end = exception.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        var text = end < 0 ? exception.Message : exception.Message[..end];
        return parameter is not null && text.StartsWith(parameter + " ", StringComparison.Ordinal)
            ? text[parameter.Length..]
            : $": {text}";
    }
}
