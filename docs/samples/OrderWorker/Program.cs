// Stores orders that arrive over HTTP, eight at once, and loses none when it stops. A request is answered with 200 after its
// order is stored. Without the connection string Orders it stores them in memory. Try it:
//   dotnet run --project docs/samples/OrderWorker
//   curl -X POST http://127.0.0.1:5000/orders/1
//   curl http://127.0.0.1:5000/health
using System.Threading.Channels;
using AsyncKit;
using AsyncKit.Hosting;
using Npgsql;
using OpenTelemetry.Metrics;
using OrderWorker;

var builder = WebApplication.CreateBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
var services = builder.Services;
services.AddSingleton(Channel.CreateBounded<Order>(1_000));
services.AddSingleton<OrderCount>();
if (builder.Configuration.GetConnectionString("Orders") is { Length: > 0 } connection)
{
    services.AddSingleton(NpgsqlDataSource.Create(connection));
    services.AddScoped<IOrderStore, PostgresOrderStore>(); // A scope per worker, and so a connection per worker.
}
else
{
    services.AddScoped<IOrderStore, MemoryOrderStore>();
}

services.AddFanOutConsumer<Order, OrderHandler>(
    "orders",
    provider => provider.GetRequiredService<Channel<Order>>().Reader.ReadAllAsync(),
    builder.Configuration.GetSection("Consumers:orders"));
services.AddHealthChecks().AddFanOutConsumer("orders").AddThreadPool();
services.AddOpenTelemetry().WithMetrics(
    metrics => metrics.AddMeter(AsyncKitDiagnostics.MeterName).AddConsoleExporter());

var app = builder.Build();
app.MapHealthChecks("/health");

// The host stops the server before the consumer: the requests in flight are answered while the consumer still runs.
app.MapPost("/orders/{id:int}", async (int id, Channel<Order> queue, CancellationToken cancellationToken) =>
{
    var order = new Order(id);
    await queue.Writer.WriteAsync(order, cancellationToken);
    await order.Stored.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
    return Results.Ok(new { id });
});
var count = app.Services.GetRequiredService<OrderCount>();
await app.RunAsync();

Console.WriteLine($"stored {count.Value}");
