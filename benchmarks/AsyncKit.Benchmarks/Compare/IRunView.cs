namespace AsyncKit.Benchmarks;

/// <summary>Shows what runs. It is told between the rounds only, so that drawing is not measured.</summary>
internal interface IRunView
{
    void Begin(ScenarioKind scenario, int steps);

    void Running(Variant variant, string stage);

    void Finished(Variant variant, string stage, double seconds);

    void Failed(Variant variant, string stage, string error);

    /// <summary>A step that is not needed, because the variant has failed or is too slow to be repeated.</summary>
    void Skipped();
}
