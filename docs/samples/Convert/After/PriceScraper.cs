// A program as it grew: one request after another, limits and retries by hand.
using System.Globalization;
using AsyncKit;
using AsyncKit.Http;

namespace Prices.After;

/// <summary>Reports the price, the stock and the rating of each product of a shop, and saves their pictures.</summary>
internal sealed class PriceScraper(HttpClient client, Uri shop, string folder)
{
    private const int CatalogPages = 40;

    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var products = await GetProductsAsync(cancellationToken);
        var prices = new List<decimal>();
        prices.AddRange(await products.FanOutAsync(maxConcurrency: 64, async (product, cancellationToken) =>
        {
            // Every price is a page of its own.
            return await GetPriceAsync(product, cancellationToken);
        }, cancellationToken));

        // All at once: this was fast until the shop had a hundred products.
        var stocks = await products.FanOutAsync(maxConcurrency: 64, (product, cancellationToken) => GetNumberAsync("stock", product, cancellationToken), cancellationToken);

        // The ratings come from another server, which is slower.
        var ratings = await products.FanOutAsync(maxConcurrency: 40, async (product, cancellationToken) =>
        {
            return await GetNumberAsync("rating", product, cancellationToken);
        }, cancellationToken);

        await products.FanOutAsync(maxConcurrency: 64, async (product, token) =>
        {
            await client.DownloadAsync(new Uri(shop, $"picture/{product}"), Path.Combine(folder, product), new DownloadOptions { OnExisting = ExistingFile.Replace }, token);
        }, cancellationToken);

        var pictures = await Offload.RunAsync(() => Directory.GetFiles(folder), cancellationToken);
        var lines = products.Select((product, i) =>
            string.Create(CultureInfo.InvariantCulture, $"{product}: {prices[i]}, {stocks[i]} left, {ratings[i]} stars"));
        return string.Join('\n', lines)
            + string.Create(CultureInfo.InvariantCulture, $"\n{products.Count} products for {prices.Sum()}, {pictures.Length} pictures");
    }

    private async Task<List<string>> GetProductsAsync(CancellationToken cancellationToken)
    {
        var pages = new List<string>();
        pages.AddRange(await Enumerable.Range(1, CatalogPages).FanOutAsync(maxConcurrency: 64, async (number, cancellationToken) =>
        {
            var page = await client.GetStringAsync(new Uri(shop, $"catalog/{number}"), cancellationToken);
            return page;
        }, cancellationToken));

        return [.. pages.SelectMany(page => page.Split('\n'))];
    }

    private async Task<decimal> GetPriceAsync(string product, CancellationToken cancellationToken)
    {
        return await Retry.RunAsync(async cancellationToken => decimal.Parse(await client.GetStringAsync(new Uri(shop, $"price/{product}"), cancellationToken), CultureInfo.InvariantCulture), new RetryOptions { MaxAttempts = 5, ShouldRetry = exception => exception is HttpRequestException, Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(50)) }, cancellationToken);
    }

    private async Task<int> GetNumberAsync(string kind, string product, CancellationToken cancellationToken = default) =>
        int.Parse(await client.GetStringAsync(new Uri(shop, $"{kind}/{product}"), cancellationToken), CultureInfo.InvariantCulture);
}
