namespace AsyncKit.Conventions.Tests;

/// <summary>Shows that every rule can fail.</summary>
public sealed class SourceRuleTests
{
    [Fact]
    public void A_folder_with_one_file_too_many_is_reported()
    {
        string[] files = [.. Enumerable.Range(0, SourceRules.MaxFiles).Select(number => $"src/A/{number}.cs"), "src/A/B/C.cs"];

        Assert.Empty(SourceRules.FewFilesPerFolder(files));
        Assert.Single(SourceRules.FewFilesPerFolder([.. files, "src/A/D.cs"]));
    }

    [Theory]
    [InlineData("src/A.cs", "namespace N; class B;")]
    [InlineData("src/A.cs", "class B { class A; }")]
    [InlineData("src/A.Part.cs", "partial class Part;")]
    [InlineData("src/A.cs", "// class A;")]
    [InlineData("src/A.cs", "")]
    public void A_source_with_another_name_is_reported(string path, string text) =>
        Assert.Single(SourceRules.NamedAfterItsType(path, text));

    [Theory]
    [InlineData("src/A.cs", "namespace N; class B; class A;")]
    [InlineData("src/A.cs", "namespace N { namespace M { record struct A<T>(T B); } }")]
    [InlineData("src/A.cs", "delegate void A();")]
    [InlineData("src/A.Part.cs", "partial class A;")]
    public void A_source_with_the_name_of_its_type_is_right(string path, string text) =>
        Assert.Empty(SourceRules.NamedAfterItsType(path, text));

    [Theory]
    [InlineData("src/Package/Package.csproj", "<Compile Include=\"../shared/A.cs\" />")]
    [InlineData("src/Package/Package.csproj", "<Compile Include=\"..\\Shared\\A.cs\" />")]
    [InlineData("src/Package/Package.csproj", "<Compile Include=\"../../../A.cs\" />")]
    [InlineData("src/Package/Folder/A.cs", "// see ../../../../notes.md")]
    public void A_reference_to_the_outside_is_reported(string path, string text) =>
        Assert.Single(SourceRules.StaysInside(path, text));

    [Theory]
    [InlineData("src/Package/Package.csproj", "<Import Project=\"../../Directory.Build.props\" />")]
    [InlineData("src/Package/A.cs", "int[] all = [.. items, .. shared];")]
    public void A_reference_to_the_inside_is_right(string path, string text) =>
        Assert.Empty(SourceRules.StaysInside(path, text));
}
