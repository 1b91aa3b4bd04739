// A program as it grew: one request after another, limits and retries by hand.
using System.Globalization;

namespace Prices.Before;

/// <summary>Reports the price, the stock and the rating of each product of a shop, and saves their pictures.</summary>
internal sealed class PriceScraper(HttpClient client, Uri shop, string folder)
{
    private const int CatalogPages = 40;

    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var products = await GetProductsAsync(cancellationToken);
        var prices = new List<decimal>();
        foreach (var product in products)
        {
            // Every price is a page of its own.
            prices.Add(await GetPriceAsync(product, cancellationToken));
        }

        // All at once: this was fast until the shop had a hundred products.
        var stocks = await Task.WhenAll(products.Select(product => GetNumberAsync("stock", product, cancellationToken)));

        using var throttle = new SemaphoreSlim(40); // The ratings come from another server, which is slower.
        var ratings = await Task.WhenAll(products.Select(async product =>
        {
            await throttle.WaitAsync(cancellationToken);
            try
            {
                return await GetNumberAsync("rating", product, cancellationToken);
            }
            finally
            {
                throttle.Release();
            }
        }));

        await Parallel.ForEachAsync(products, cancellationToken, async (product, token) =>
        {
            var picture = await client.GetByteArrayAsync(new Uri(shop, $"picture/{product}"), token);
            await File.WriteAllBytesAsync(Path.Combine(folder, product), picture, token);
        });

        var pictures = await Task.Run(() => Directory.GetFiles(folder), cancellationToken);
        var lines = products.Select((product, i) =>
            string.Create(CultureInfo.InvariantCulture, $"{product}: {prices[i]}, {stocks[i]} left, {ratings[i]} stars"));
        return string.Join('\n', lines)
            + string.Create(CultureInfo.InvariantCulture, $"\n{products.Count} products for {prices.Sum()}, {pictures.Length} pictures");
    }

    private async Task<List<string>> GetProductsAsync(CancellationToken cancellationToken)
    {
        var pages = new List<string>();
        foreach (var number in Enumerable.Range(1, CatalogPages))
        {
            var page = await client.GetStringAsync(new Uri(shop, $"catalog/{number}"), cancellationToken);
            pages.Add(page);
        }

        return [.. pages.SelectMany(page => page.Split('\n'))];
    }

    private async Task<decimal> GetPriceAsync(string product, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return decimal.Parse(await client.GetStringAsync(new Uri(shop, $"price/{product}"), cancellationToken), CultureInfo.InvariantCulture);
            }
            catch (HttpRequestException) when (attempt < 5)
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private async Task<int> GetNumberAsync(string kind, string product, CancellationToken cancellationToken = default) =>
        int.Parse(await client.GetStringAsync(new Uri(shop, $"{kind}/{product}"), cancellationToken), CultureInfo.InvariantCulture);
}
