using System.Buffers;
using System.Globalization;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>Writes numbered PDF objects and, at the end, the table with the offset of each.</summary>
internal sealed class PdfWriter
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly List<int> _offsets = [];

    // The comment with four bytes above 127 marks the file as binary for every reader.
    public PdfWriter() => _output.Write("%PDF-1.4\n%\u00e2\u00e3\n"u8);

    public void Add(string body)
    {
        Open();
        Write($"{body}\nendobj\n");
    }

    public void AddStream(string dictionary, ReadOnlySpan<byte> data)
    {
        Open();
        Write($"<< {dictionary} /Length {data.Length} >>\nstream\n");
        _output.Write(data);
        Write($"\nendstream\nendobj\n");
    }

    public byte[] Finish(int rootNumber)
    {
        var table = _output.WrittenCount;
        // An entry has exactly 20 bytes, including the two bytes of the line end.
        Write($"xref\n0 {_offsets.Count + 1}\n0000000000 65535 f \n");
        foreach (var offset in _offsets)
        {
            Write($"{offset:D10} 00000 n \n");
        }

        Write($"trailer\n<< /Size {_offsets.Count + 1} /Root {rootNumber} 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return _output.WrittenSpan.ToArray();
    }

    private void Open()
    {
        _offsets.Add(_output.WrittenCount);
        Write($"{_offsets.Count} 0 obj\n");
    }

    private void Write(FormattableString text) =>
        _output.Write(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));
}
