namespace AsyncKit.Benchmarks;

/// <summary>Shows the progress of the run. It is called between rounds only, so drawing is not measured.</summary>
internal interface IRunView
{
    void Begin(ScenarioKind scenario, int steps);

    void Running(Variant variant, string stage);

    void Finished(Variant variant, string stage, double seconds);

    void Failed(Variant variant, string stage, string error);

    /// <summary>Skips a step of a variant that failed or is too slow to repeat.</summary>
    void Skipped();
}
