using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers;

/// <summary>Recognizes the projects of tests, which start and provoke on purpose what other code avoids.</summary>
internal static class TestProjects
{
    private static readonly string[] Frameworks =
        ["xunit.core", "xunit.v3.core", "nunit.framework", "Microsoft.VisualStudio.TestPlatform.TestFramework", "MSTest.TestFramework", "TUnit.Core"];

    public static bool Contain(IOperation operation) => operation.References(Frameworks);
}
