namespace AsyncKit.Conventions.Tests;

internal static class FenceRules
{
    private static readonly string[] OtherNames = ["cs", "c#", "csharp"];

    /// <summary>No C# escapes: a fence names its language, and C# is named csharp without anything more.</summary>
    public static IEnumerable<string> NothingEscapes(MarkdownFile file)
    {
        foreach (var block in file.Blocks)
        {
            var language = block.Info.Split([' ', ',', '{', ':'], 2)[0];
            if (!block.IsClosed)
            {
                yield return $"{block.Location}: the block has no closing fence.";
            }

            if (block.Info.Length == 0)
            {
                yield return $"{block.Location}: the fence names no language; text is one.";
            }
            else if (!block.IsCSharp && OtherNames.Contains(language, StringComparer.OrdinalIgnoreCase))
            {
                yield return $"{block.Location}: the fence says \"{block.Info}\"; C# is fenced as csharp and is run.";
            }
        }
    }
}
