using System.Globalization;
using AsyncKit;
using Resume;

// Loads the prices of products, 8 at once. Kill it at any moment and start it again: it continues where it stopped.
//   dotnet run --project docs/samples/Resume -- prices.journal [products]
if (args.Length == 0)
{
    Console.Error.WriteLine("Usage: Resume <journal> [products]");
    return 2;
}

var products = Enumerable.Range(1, args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1_000);
await using var journal = RunJournal.Open(args[0]);
Console.WriteLine($"{journal.Count} loaded before");

Func<int, CancellationToken, Task<Price>> load = LoadAsync;
var prices = products.FanOutStream(
    8, load.WithJournal(journal, product => $"{product}", ResumeJson.Default.Price));

var total = 0m;
await foreach (var price in prices)
{
    Console.WriteLine($"{price.Product}: {price.Amount}");
    total += price.Amount;
}

Console.WriteLine($"{products.Count()} products, {total} in total");
return 0;

// Stands for a slow request.
static async Task<Price> LoadAsync(int product, CancellationToken cancellationToken)
{
    Console.WriteLine($"loading {product}");
    await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
    return new Price(product, product * 1.5m);
}
