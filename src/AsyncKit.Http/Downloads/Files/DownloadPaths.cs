using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AsyncKit.Http;

/// <summary>The paths of the files that exist next to a target during its download.</summary>
internal sealed class DownloadPaths
{
    /// <summary>The longest addition to a name, in bytes: a dot, a token and <see cref="Suffix"/>.</summary>
    public const int MaxAddition = 1 + TokenDigits + 9;

    public const int TokenDigits = 16;

    private const string Suffix = ".asynckit";
    private const string SidecarSuffix = ".asynckit.json";
    private const int MaxNameBytes = 255;

    private readonly string _stem;

    public DownloadPaths(string target)
    {
        Target = target;
        var name = Path.GetFileName(target);
        _stem = Encoding.UTF8.GetByteCount(name) <= MaxNameBytes - MaxAddition
            ? target
            : Path.Combine(Path.GetDirectoryName(target)!, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name))));
    }

    public string Target { get; }

    /// <summary>The description of the partial file.</summary>
    /// <param name="slot">From 1. A later slot is used if a file that is not a sidecar has the name.</param>
    public string Sidecar(int slot) =>
        slot == 1 ? _stem + SidecarSuffix : string.Create(CultureInfo.InvariantCulture, $"{_stem}.{slot}{SidecarSuffix}");

    /// <summary>The partial file, with the bytes received.</summary>
    public string Part(string token) => $"{_stem}.{token}{Suffix}";

    /// <summary>Returns true if a target with this name could be mistaken for one of these files.</summary>
    public static bool IsReserved(string name) =>
        name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(SidecarSuffix, StringComparison.OrdinalIgnoreCase);
}
