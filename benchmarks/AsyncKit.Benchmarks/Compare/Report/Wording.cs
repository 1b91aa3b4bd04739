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

    /// <summary>A list for each set of variants, titled with the scenarios that have it.</summary>
    public static IEnumerable<(string Title, IEnumerable<(string Name, string Meaning)> Entries)> Variants(
        ComparisonReport report) =>
        from scenario in report.Scenarios
        group scenario by scenario.Kind.Explain into alike
        let kind = alike.First().Kind
        select (
            $"The variants of {string.Join(" and ", alike.Select(scenario => scenario.Name))}",
            kind.Variants.Select(variant => (variant.Name(), kind.Explain(variant, report.Options.Concurrency))));

    public static IEnumerable<(string Term, string Meaning)> Method(OptionsReport options)
    {
        yield return ("Server", "a process of its own on the same machine, so that a starved client cannot slow it "
            + $"down; base latency {options.LatencyMs} ms.");
        yield return ("Warm-up", options.Quick
            ? "two items in every variant, not measured."
            : "every variant once over all items, not measured; those that take long, and all of cpu, over two items.");
        yield return ("Watched", "AsyncKit's variants, except in cpu, once more under a BlockingDetector, not measured: a "
            + "single synchronous wait on a pool thread, or a pool that starves, fails the variant.");
        yield return ("Rounds", $"{options.Rounds} of every variant, in an order that moves on by one each round; a variant "
            + $"that takes more than {(options.Quick ? "half a second" : "five seconds")} is measured once.");
        yield return ("Before a round", "the garbage is collected, threads that an earlier round injected into the "
            + "pool have left it, and for http and download a new client has as many open connections as the limit. "
            + "Further ones are opened while the clock runs.");
        yield return ("Verified", "every result of every round is compared with what the server's content must give: "
            + "name, title, number of links, length and SHA-256, in the order of the items.");
    }
}
