namespace AsyncKit.Comparison;

/// <summary>Shows the progress of the run. It is called between rounds only, so drawing is not measured.</summary>
internal interface IRunView
{
    void Begin(string scenario, int steps);

    void Running(string variant, string stage);

    /// <summary>Adds a step that succeeded, with the estimated rest of the whole run; null while nothing was
    /// measured.</summary>
    void Finished(string variant, string stage, double seconds, TimeSpan? left);

    void Failed(string variant, string stage, string error);

    /// <summary>Skips a step of a variant that failed or is too slow to repeat.</summary>
    void Skipped();
}
