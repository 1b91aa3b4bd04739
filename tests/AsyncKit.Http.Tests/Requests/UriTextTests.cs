namespace AsyncKit.Http.Tests;

/// <summary>The addresses in messages.</summary>
public sealed class UriTextTests
{
    [Theory]
    [InlineData("http://me:secret@example.org/a?secret=1#secret", "http://example.org/a")]
    [InlineData("//me:secret@example.org/a", "//example.org/a")]
    [InlineData("http:me:secret@example.org/a", "example.org/a")]
    [InlineData("http:/me:secret@example.org/a", "http:/example.org/a")]
    [InlineData("me:secret@example.org/a", "example.org/a")]
    [InlineData("me:secret@example.org", "example.org")]
    [InlineData("http://me:secret@exa mple.org/a", "http://exa mple.org/a")]
    [InlineData("me:sec@ret@example.org/@a", "example.org/@a")]
    [InlineData("/a/@b", "/a/@b")]
    [InlineData("a/@b", "a/@b")]
    [InlineData("", "")]
    public void An_address_that_is_not_valid_shows_no_user_info_and_no_query(string text, string shown) =>
        Assert.Equal(shown, UriText.Of(text));
}
