namespace AsyncKit.Conventions.Tests;

internal static class Rule
{
    public static void Holds(IEnumerable<string> faults)
    {
        var all = faults.ToList();
        if (all.Count > 0)
        {
            Assert.Fail(string.Join(Environment.NewLine, all));
        }
    }
}
