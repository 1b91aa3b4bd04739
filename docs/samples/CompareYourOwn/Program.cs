using AsyncKit;
using AsyncKit.Comparison;

int[] numbers = [.. Enumerable.Range(1, 48)];

return await new Comparison("Loading orders")
    .Scenario("load", numbers, scenario =>
    {
        scenario
            .Question("How long does it take to load 48 orders, at 20 ms each?")
            .Baseline("one by one", async (items, ct) =>
            {
                var orders = new List<(int, decimal)>();
                foreach (var number in items)
                {
                    orders.Add(await LoadAsync(number, ct));
                }

                return orders;
            })
            .Variant(
                "all at once",
                (items, ct) => Task.WhenAll(items.Select(number => LoadAsync(number, ct))),
                new VariantNotes { Caveat = "a real service may refuse so many requests" })
            .Variant(
                "16 at once",
                (items, ct) => items.FanOutAsync(16, LoadAsync, ct),
                new VariantNotes { IsEmphasized = true });

        async Task<(int Number, decimal Total)> LoadAsync(int number, CancellationToken cancellationToken)
        {
            using var timer = scenario.TimeItem(); // The report then shows the time per order and the peak load.
            await Task.Delay(20, cancellationToken); // Stands in for a request.
            return (number, number * 9.99m);
        }
    })
    .RunAsync(args);
