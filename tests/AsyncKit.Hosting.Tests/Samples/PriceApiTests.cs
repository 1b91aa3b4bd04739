using System.Text.Json.Nodes;

namespace AsyncKit.Hosting.Tests;

/// <summary>The price API with three backends, of which one hangs or fails.</summary>
public sealed class PriceApiTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task The_answer_names_the_backend_that_hangs_and_the_one_that_fails()
    {
        using var sample = await WebSample.StartAsync("PriceApi");

        Assert.Equal("""{"north":9.99,"south":9.99,"east":9.99}""", await AskAsync("book", "prices"));
        Assert.Equal("""{"north":9.99,"south":9.99}""", await AskAsync("slow", "prices"));
        Assert.Equal("""{"east":"no answer in time"}""", await AskAsync("slow", "missing"));
        Assert.Equal("""{"east":"failed"}""", await AskAsync("broken", "missing"));

        async Task<string> AskAsync(string product, string part)
        {
            var answer = await sample.Client.GetStringAsync($"/prices/{product}").OrHangs();
            return JsonNode.Parse(answer)![part]!.ToJsonString();
        }
    }
}
