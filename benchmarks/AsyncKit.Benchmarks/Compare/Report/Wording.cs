namespace AsyncKit.Benchmarks;

/// <summary>The sentences that the Markdown and the HTML report share.</summary>
internal static class Wording
{
    public static string MachineOf(Machine machine) =>
        $"{machine.Cpu}, {machine.Cores} cores, {Units.Gigabytes(machine.MemoryBytes)}, {machine.Os}, {machine.Dotnet}";

    public static IEnumerable<string> Warnings(ComparisonReport report)
    {
        if (report.Interrupted)
        {
            yield return "Interrupted: the report has only what was measured before.";
        }

        foreach (var scenario in report.Scenarios)
        {
            foreach (var variant in scenario.Variants.Where(variant => !variant.Verified))
            {
                yield return $"{scenario.Name}, {variant.Name} failed: {variant.Error}";
            }
        }
    }

    public static IEnumerable<(string Name, string Meaning)> Variants(int concurrency) =>
        Enum.GetValues<Variant>().Select(variant => (variant.Name(), variant.Explanation(concurrency)));

    public static IEnumerable<(string Term, string Meaning)> Method(OptionsReport options)
    {
        yield return ("Server", "a process of its own on the same machine, so that a starved client cannot slow it "
            + $"down; base latency {options.LatencyMs} ms.");
        yield return ("Warm-up", options.Quick
            ? "two items in every variant, not measured."
            : "every variant once over all items, not measured; one by one and Task.Run over two items only.");
        yield return ("Rounds", $"{options.Rounds} of every variant, in an order that moves on by one each round"
            + (options.Quick ? "; a variant that takes more than half a second is measured once." : "."));
        yield return ("Before a round", "the garbage is collected, threads that an earlier round injected into the "
            + "pool have left it, and a new client has as many open connections as the limit. Further ones are opened "
            + "while the clock runs.");
        yield return ("Verified", "every result of every round is compared with what the server's content must give: "
            + "name, title, number of links, length and SHA-256, in the order of the items.");
    }
}
