using System.Reflection;
using System.Runtime.Loader;

namespace AsyncKit.Conventions.Tests;

/// <summary>Runs a block and compares what it prints. Console.Out is global: one at a time.</summary>
internal static class SnippetRunner
{
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(30);

    /// <returns>Null when all is well; otherwise what is wrong, beginning with the file and the line.</returns>
    public static async Task<string?> FaultAsync(MarkdownBlock block, MarkdownBlock? output, TimeSpan limit)
    {
        var (image, faults) = SnippetCompiler.Compile(block);
        if (image is null)
        {
            return faults;
        }

        var (printed, fault) = await RunAsync(image, limit);
        if (fault is not null)
        {
            return $"{block.Location}: {fault}\nIt had printed:\n{printed}";
        }

        return output is null || string.Equals(Normal(output.Text), Normal(printed), StringComparison.Ordinal)
            ? null
            : $"{output.Location}: the snippet at line {block.Line} prints other lines (+) than the block (-).\n"
                + LineDiff.Between(Normal(output.Text), Normal(printed));
    }

    private static string Normal(string text) => text.ReplaceLineEndings("\n").TrimEnd('\n');

    private static async Task<(string Printed, string? Fault)> RunAsync(byte[] image, TimeSpan limit)
    {
        var context = new AssemblyLoadContext(null, isCollectible: true);
        var console = Console.Out;
        using var writer = new StringWriter();
        var printed = TextWriter.Synchronized(writer);
        Console.SetOut(printed);
        try
        {
            using var stream = new MemoryStream(image);
            var main = context.LoadFromStream(stream).EntryPoint!;
            var run = Task.Factory.StartNew(
                () => Invoke(main), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            var fault = await run.WaitAsync(limit);
            return (Text(), fault);
        }
        catch (TimeoutException)
        {
            return (Text(), $"The snippet still runs after {limit.TotalSeconds} s.");
        }
        finally
        {
            Console.SetOut(console);
            context.Unload();
        }

        string Text()
        {
            lock (printed)
            {
                return writer.ToString();
            }
        }
    }

    private static string? Invoke(MethodInfo main)
    {
        try
        {
            object?[] arguments = main.GetParameters().Length == 0 ? [] : [Array.Empty<string>()];
            var code = main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            return code is int and not 0 ? $"The snippet returned {code}." : null;
        }
        catch (Exception exception)
        {
            return $"The snippet threw {exception}";
        }
    }
}
