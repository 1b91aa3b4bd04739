namespace AsyncKit.Conventions.Tests;

public sealed class PublicApiTests
{
    private const string AcceptVariable = "ASYNCKIT_ACCEPT_API";

    private const string AcceptCommand =
        AcceptVariable + "=1 dotnet test tests/AsyncKit.Conventions.Tests --filter PublicApiTests";

    public static TheoryData<string> Packages => [.. Repository.Packages.Select(package => package.Name)];

    [Theory]
    [MemberData(nameof(Packages))]
    public void The_public_surface_is_the_one_that_was_reviewed(string package)
    {
        var found = Repository.Package(package);
        var actual = ApiText.Render(found.Surface);
        var reviewed = File.Exists(found.PublicApiPath) ? File.ReadAllText(found.PublicApiPath) : "";
        if (Difference(reviewed, actual) is not { } difference)
        {
            return;
        }

        var path = Repository.RelativePath(found.PublicApiPath);
        if (Environment.GetEnvironmentVariable(AcceptVariable) is "1")
        {
            File.WriteAllText(found.PublicApiPath, actual);
            Assert.Fail($"{path} was rewritten: review and commit it. The next run passes.\n{difference}");
        }

        Assert.Fail(
            $"The public surface of {package} is not what {path} says.\n{difference}\n\n"
            + "If that is intended, accept it: this command rewrites the file and fails one last time.\n"
            + $"  {AcceptCommand}");
    }

    /// <summary>The lines that differ, or null.</summary>
    internal static string? Difference(string expected, string actual) =>
        LineDiff.Between(expected, actual) is { Length: > 0 } difference ? difference : null;
}
