using System.Diagnostics;
using System.Text;

namespace AsyncKit.RabbitMQ;

/// <summary>The W3C trace context in the headers of a message.</summary>
internal static class TraceHeaders
{
    private const string Parent = "traceparent";
    private const string State = "tracestate";

    public static void Write(IDictionary<string, object?> headers, Activity? activity)
    {
        if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
        {
            headers[Parent] = id;
            if (activity.TraceStateString is { Length: > 0 } state)
            {
                headers[State] = state;
            }
        }
    }

    public static ActivityContext Read(IDictionary<string, object?>? headers) =>
        ActivityContext.TryParse(Text(headers, Parent), Text(headers, State), isRemote: true, out var context)
            ? context
            : default;

    public static string? Text(IDictionary<string, object?>? headers, string name) =>
        headers is not null && headers.TryGetValue(name, out var value)
            ? value switch
            {
                byte[] bytes => Encoding.UTF8.GetString(bytes),
                string text => text,
                _ => null,
            }
            : null;
}
