using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers;

/// <summary>Types whose objects serve one call at a time.</summary>
internal static class SerialTypes
{
    /// <summary>The metadata names of known types. Their subtypes count too.</summary>
    public static readonly string[] Names =
    [
        "System.IO.Stream", "System.IO.TextReader", "System.IO.TextWriter", "System.IO.Pipelines.PipeReader",
        "System.IO.Pipelines.PipeWriter", "System.Net.Sockets.Socket", "System.Net.WebSockets.WebSocket",
        "System.Text.Json.Utf8JsonWriter", "System.Xml.XmlReader", "System.Xml.XmlWriter",
        "System.Threading.Channels.ChannelWriter`1", "System.Data.Common.DbCommand", "System.Data.Common.DbDataReader",
        "System.Data.IDbConnection", "System.Data.IDbCommand", "System.Data.IDbTransaction",
    ];

    private static readonly HashSet<string> Known = new(
        [.. Names, KnownSymbols.DbContext, KnownSymbols.DbConnection, KnownSymbols.DbTransaction, KnownSymbols.StringBuilder],
        StringComparer.Ordinal);

    /// <summary>The last word of the names of types that usually wrap a connection or a position.</summary>
    private static readonly string[] Suffixes =
    [
        "Transaction", "Session", "Connection", "Writer", "Reader", "Stream", "Context", "Repository", "UnitOfWork", "Cursor",
    ];

    /// <summary>Whether a type is one of the known types or derives from it.</summary>
    public static bool IsSerial(ITypeSymbol? type, KnownSymbols symbols)
    {
        for (var current = type; current is not null; current = current.BaseType)
        {
            if (symbols.NameOf(current) is { } name && Known.Contains(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a type may serve one call at a time: by what it is, by its name, or by what it keeps.</summary>
    public static bool MayBeSerial(ITypeSymbol? type, KnownSymbols symbols) =>
        IsSerial(type, symbols) || IsNamedLikeOne(type) || KeepsOne(type, symbols);

    /// <summary>Whether the name of a type says that its object is a transaction.</summary>
    public static bool IsTransaction(ITypeSymbol? type) =>
        type is not null && (EndsWith(type, "Transaction") || EndsWith(type, "TransactionScope"));

    private static bool IsNamedLikeOne(ITypeSymbol? type)
    {
        for (var current = type; current is { SpecialType: SpecialType.None }; current = current.BaseType)
        {
            if (current is not ITypeParameterSymbol && Suffixes.Any(suffix => EndsWith(current, suffix)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a type of this project has a field, or takes an argument, that serves one call at a time.</summary>
    private static bool KeepsOne(ITypeSymbol? type, KnownSymbols symbols) =>
        type is INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct, DeclaringSyntaxReferences.IsEmpty: false } named
        && (named.GetMembers().OfType<IFieldSymbol>().Any(field => !field.IsStatic && IsOne(field.Type, symbols))
            || named.InstanceConstructors.Any(constructor => constructor.Parameters.Any(parameter => IsOne(parameter.Type, symbols))));

    private static bool IsOne(ITypeSymbol type, KnownSymbols symbols) => IsSerial(type, symbols) || IsNamedLikeOne(type);

    private static bool EndsWith(ITypeSymbol type, string suffix) => type.Name.EndsWith(suffix, StringComparison.Ordinal);
}
