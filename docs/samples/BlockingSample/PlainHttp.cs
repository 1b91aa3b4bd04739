using System.Net.Sockets;
using System.Text;

namespace BlockingSample;

/// <summary>A client that needs no thread of the thread pool.</summary>
internal static class PlainHttp
{
    /// <param name="onSent">Called when the request was sent; null for nothing.</param>
    public static string Get(Uri address, string path, Action? onSent = null)
    {
        using var client = new TcpClient(address.Host, address.Port);
        using var stream = client.GetStream();
        stream.Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: close\r\n\r\n"));
        onSent?.Invoke();
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
