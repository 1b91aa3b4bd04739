namespace AsyncKit.Diagnostics;

/// <summary>
/// Reports findings, one per interval for each group: a kind and a stack, or a kind and a fan-out. Called by one thread
/// at a time; throws nothing but what the clock throws.
/// </summary>
internal sealed class BlockingReporter(BlockingDetectorOptions options, TimeProvider clock)
{
    private const int MaxGroups = 1000;

    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);

    /// <param name="key">The group of the finding.</param>
    /// <param name="create">Creates the finding, with the number of those suppressed before it. Called only if the finding
    /// is reported, since it may be slow.</param>
    /// <param name="isNew">False if the finding continues the last one; then it is not counted again.</param>
    public void Report(string key, Func<long, BlockingFinding> create, bool isNew = true)
    {
        var now = clock.GetTimestamp();
        if (GroupOf(key, now) is not { } group)
        {
            return;
        }

        if (IsDue(group, now))
        {
            var suppressed = group.Suppressed;
            (group.ReportedAt, group.Suppressed) = (now, 0);
            Report(create(suppressed));
        }
        else if (isNew)
        {
            group.Suppressed++;
        }
    }

    public void OnCallbackFailed(Exception exception)
    {
        if (options.Logger is { } logger)
        {
            try
            {
                DetectorLog.OnCallbackFailed(logger, exception);
            }
            catch (Exception)
            {
                // There is no other listener.
            }
        }
    }

    /// <returns>Null if there are too many groups.</returns>
    private Group? GroupOf(string key, long now)
    {
        if (_groups.TryGetValue(key, out var group))
        {
            return group;
        }

        if (_groups.Count >= MaxGroups)
        {
            foreach (var (old, _) in _groups.Where(one => IsDue(one.Value, now)).ToList())
            {
                _ = _groups.Remove(old);
            }
        }

        return _groups.Count < MaxGroups ? _groups[key] = new Group() : null;
    }

    private bool IsDue(Group group, long now) =>
        group.ReportedAt is not { } then || clock.GetElapsedTime(then, now) >= options.ReportInterval;

    private void Report(BlockingFinding finding)
    {
        try
        {
            if (options.Logger is { } logger)
            {
                DetectorLog.OnFound(logger, finding);
            }
        }
        catch (Exception)
        {
            // A logger that throws; the callback must be called anyway.
        }

        try
        {
            options.OnBlocking?.Invoke(finding);
        }
        catch (Exception exception)
        {
            OnCallbackFailed(exception);
        }
    }

    private sealed class Group
    {
        public long? ReportedAt { get; set; }

        public long Suppressed { get; set; }
    }
}
