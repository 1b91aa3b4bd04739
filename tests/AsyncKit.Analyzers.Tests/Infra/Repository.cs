namespace AsyncKit.Analyzers.Tests;

/// <summary>The working copy that the tests were built in.</summary>
internal static class Repository
{
    private static readonly string Root = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string PathOf(string relative) => Path.Combine(Root, relative);
}
