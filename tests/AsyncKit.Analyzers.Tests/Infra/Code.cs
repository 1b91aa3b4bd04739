using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AsyncKit.Analyzers.Tests;

/// <summary>The code that the tests analyze: the references, the usings and the declarations that all of it shares.</summary>
internal static class Code
{
    public const string Usings = WithoutImport + "\nglobal using AsyncKit;";

    /// <summary>The usings of a file whose fix must import AsyncKit.</summary>
    public const string WithoutImport = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Text;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>A web client, as the code of a user has one.</summary>
    public const string Declarations = """
        public static class Web
        {
            public static Task<string> GetAsync(Uri uri, CancellationToken cancellationToken = default) => Task.FromResult("");
            public static Task<string> GetDeepAsync(Uri uri, int depth = 1, CancellationToken cancellationToken = default) => Task.FromResult("");
            public static Task<int> CountAsync(Uri uri, CancellationToken cancellationToken = default) => Task.FromResult(1);
            public static Task<int> SizeAsync(Uri uri) => Task.FromResult(1);
            public static Task<int> SizeAsync(Uri uri, CancellationToken cancellationToken) => Task.FromResult(1);
            public static Task SendAsync(Uri uri, CancellationToken cancellationToken = default) => Task.CompletedTask;
            public static Task PlainAsync(Uri uri) => Task.CompletedTask;
            public static ValueTask<int> QuickAsync(CancellationToken cancellationToken = default) => new(1);
            public static IAsyncEnumerable<string> LinesAsync(Uri uri, CancellationToken cancellationToken = default) => null!;
            public static int Read(Uri uri, CancellationToken cancellationToken = default) => 1;
        }
        public interface IPages
        {
            string Base { get; }
            Uri Build(Uri uri);
            Task<string> GetPageAsync(Uri uri, CancellationToken cancellationToken = default);
            Task<string> FetchAsync(Uri uri);
            Task<string?> FindAsync(Uri uri);
            ValueTask<int> CountAsync(Uri uri);
            Task<bool> CheckAsync(Uri uri);
            Task DownloadAsync(Uri uri, string path);
            Task WriteAsync(Uri uri);
            Task SendAsync(Uri uri);
            Task<string> GetterAsync(Uri uri);
            Task<string> GetOrAddAsync(Uri uri);
            Task<string> ObtainAsync(Uri uri);
        }
        """;

    public static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);

    public static readonly CSharpCompilationOptions Options = new(
        OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true);

    private static readonly string[] Owned = ["AsyncKit", "AsyncKit.Http"];

    /// <summary>The platform, Entity Framework and AsyncKit, read once for all tests.</summary>
    public static IReadOnlyList<MetadataReference> References { get; } = ReferencesTo(IsReferenced);

    public static IReadOnlyList<MetadataReference> WithoutAsyncKit { get; } =
        ReferencesTo(name => IsReferenced(name) && !Owned.Contains(name, StringComparer.Ordinal));

    private static bool IsReferenced(string name) =>
        (name.StartsWith("System", StringComparison.Ordinal) && !name.StartsWith("System.Composition", StringComparison.Ordinal))
        || name is "netstandard" or "mscorlib"
        || name.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal)
        || Owned.Contains(name, StringComparer.Ordinal);

    private static MetadataReference[] ReferencesTo(Func<string, bool> isIncluded) =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(path => isIncluded(Path.GetFileNameWithoutExtension(path)))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];
}
