using AsyncKit.Hosting;

namespace AsyncKit.RabbitMQ;

/// <summary>The options of a remote and of a worker that a section can contain.</summary>
internal static class RabbitSections
{
    public static readonly SectionBinder<RabbitRemoteOptions> Remote = new("RabbitRemoteOptions")
    {
        { "MaxMessageBytes", SectionValue.Integer, (options, value) => options with { MaxMessageBytes = value } },
        { "PublishTimeout", SectionValue.Time, (options, value) => options with { PublishTimeout = value } },
        { "ReplyQueueExpiry", SectionValue.Time, (options, value) => options with { ReplyQueueExpiry = value } },
        { "ReconnectDelay", SectionValue.Backoff, (options, value) => options with { ReconnectDelay = value } },
        { "ClientName", SectionValue.Text, (options, value) => options with { ClientName = value } },
    };

    public static readonly SectionBinder<RabbitServeOptions> Serve = new("RabbitServeOptions", "MaxConcurrency")
    {
        { "MaxConcurrency", SectionValue.Integer, (options, value) => options with { MaxConcurrency = value } },
        { "Lookahead", SectionValue.Integer, (options, value) => options with { Lookahead = value } },
        { "MaxDeliveries", SectionValue.Integer, (options, value) => options with { MaxDeliveries = value } },
        { "ItemTimeout", SectionValue.Time, (options, value) => options with { ItemTimeout = value } },
        { "DrainTimeout", SectionValue.Time, (options, value) => options with { DrainTimeout = value } },
    };
}
