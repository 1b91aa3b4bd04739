namespace PriceApi;

/// <summary>A service that knows prices.</summary>
internal sealed record Backend(string Name, Uri Address);
