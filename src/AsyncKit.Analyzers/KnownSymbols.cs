using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers;

/// <summary>The types that the rules know, looked up once per compilation.</summary>
internal sealed class KnownSymbols
{
    public const string FanOut = "AsyncKit.FanOut";
    public const string PerWorker = "AsyncKit.PerWorker`2";
    public const string FanOutOptions = "AsyncKit.FanOutOptions";
    public const string AsyncLock = "AsyncKit.AsyncLock";
    public const string KeyedLock = "AsyncKit.KeyedLock`1";
    public const string ConcurrencyGate = "AsyncKit.ConcurrencyGate";
    public const string AsyncPool = "AsyncKit.AsyncPool`1";
    public const string TaskScope = "AsyncKit.TaskScope";
    public const string Offload = "AsyncKit.Offload";
    public const string BlockingLane = "AsyncKit.BlockingLane";
    public const string Deadline = "AsyncKit.Deadline";
    public const string Retry = "AsyncKit.Retry";
    public const string AsyncResource = "AsyncKit.AsyncResource`1";
    public const string AsyncScope = "AsyncKit.AsyncScope";
    public const string HttpFanOut = "AsyncKit.Http.HttpFanOut";
    public const string Parallel = "System.Threading.Tasks.Parallel";
    public const string ParallelOptions = "System.Threading.Tasks.ParallelOptions";
    public const string Task = "System.Threading.Tasks.Task";
    public const string TaskOfT = "System.Threading.Tasks.Task`1";
    public const string ValueTask = "System.Threading.Tasks.ValueTask";
    public const string ValueTaskOfT = "System.Threading.Tasks.ValueTask`1";
    public const string CancellationToken = "System.Threading.CancellationToken";
    public const string SemaphoreSlim = "System.Threading.SemaphoreSlim";
    public const string Enumerable = "System.Linq.Enumerable";
    public const string AsyncEnumerable = "System.Collections.Generic.IAsyncEnumerable`1";
    public const string Queryable = "System.Linq.IQueryable";
    public const string List = "System.Collections.Generic.List`1";
    public const string Dictionary = "System.Collections.Generic.Dictionary`2";
    public const string HashSet = "System.Collections.Generic.HashSet`1";
    public const string Queue = "System.Collections.Generic.Queue`1";
    public const string Stack = "System.Collections.Generic.Stack`1";
    public const string SortedList = "System.Collections.Generic.SortedList`2";
    public const string SortedDictionary = "System.Collections.Generic.SortedDictionary`2";
    public const string SortedSet = "System.Collections.Generic.SortedSet`1";
    public const string LinkedList = "System.Collections.Generic.LinkedList`1";
    public const string StringBuilder = "System.Text.StringBuilder";
    public const string DbContext = "Microsoft.EntityFrameworkCore.DbContext";
    public const string DbConnection = "System.Data.Common.DbConnection";
    public const string DbTransaction = "System.Data.Common.DbTransaction";

    public const string Downloads = "AsyncKit.Http.Downloads";
    public const string Thread = "System.Threading.Thread";
    public const string WaitHandle = "System.Threading.WaitHandle";
    public const string Mutex = "System.Threading.Mutex";
    public const string ManualResetEventSlim = "System.Threading.ManualResetEventSlim";
    public const string CountdownEvent = "System.Threading.CountdownEvent";
    public const string Barrier = "System.Threading.Barrier";
    public const string SpinWait = "System.Threading.SpinWait";
    public const string Monitor = "System.Threading.Monitor";
    public const string Lock = "System.Threading.Lock";
    public const string SpinLock = "System.Threading.SpinLock";
    public const string ReaderWriterLock = "System.Threading.ReaderWriterLock";
    public const string ReaderWriterLockSlim = "System.Threading.ReaderWriterLockSlim";
    public const string BlockingCollection = "System.Collections.Concurrent.BlockingCollection`1";
    public const string File = "System.IO.File";
    public const string Directory = "System.IO.Directory";
    public const string Path = "System.IO.Path";
    public const string Process = "System.Diagnostics.Process";
    public const string DbCommand = "System.Data.Common.DbCommand";
    public const string HttpClient = "System.Net.Http.HttpClient";
    public const string Dns = "System.Net.Dns";
    public const string Ping = "System.Net.NetworkInformation.Ping";
    public const string SmtpClient = "System.Net.Mail.SmtpClient";
    public const string TimeSpan = "System.TimeSpan";
    public const string TimeoutException = "System.TimeoutException";

    private static readonly string[] Names =
    [
        Queryable, AsyncEnumerable, FanOut, PerWorker, FanOutOptions, AsyncLock, KeyedLock, ConcurrencyGate, AsyncPool, TaskScope, Offload,
        BlockingLane, Deadline, Retry, AsyncResource, AsyncScope, HttpFanOut, Parallel, ParallelOptions, Task, TaskOfT,
        ValueTask, ValueTaskOfT, CancellationToken, SemaphoreSlim, Enumerable, List, Dictionary, HashSet, Queue, Stack,
        SortedList, SortedDictionary, SortedSet, LinkedList, StringBuilder, DbContext, DbConnection, DbTransaction,
        Downloads, Thread, WaitHandle, Mutex, ManualResetEventSlim, CountdownEvent, Barrier, SpinWait, Monitor, Lock,
        SpinLock, ReaderWriterLock, ReaderWriterLockSlim, BlockingCollection, File, Directory, Path, Process, DbCommand,
        HttpClient, Dns, Ping, SmtpClient, TimeSpan, TimeoutException,
    ];

    private static readonly ConditionalWeakTable<Compilation, KnownSymbols> Cache = new();

    private readonly Dictionary<ISymbol, string> _names = new(SymbolEqualityComparer.Default);
    private readonly bool _hasAsyncKit;

    private KnownSymbols(Compilation compilation)
    {
        if (compilation.GetTypeByMetadataName(FanOut) is null)
        {
            return;
        }

        _hasAsyncKit = true;
        foreach (var name in Names.Concat(SerialTypes.Names))
        {
            if (compilation.GetTypeByMetadataName(name) is { } type)
            {
                _names[type] = name;
            }
        }
    }

    /// <summary>Returns null for a compilation without AsyncKit.</summary>
    public static KnownSymbols? Of(Compilation compilation)
    {
        var symbols = Cache.GetValue(compilation, static key => new KnownSymbols(key));
        return symbols._hasAsyncKit ? symbols : null;
    }

    /// <summary>The metadata name of a known type, or null. A constructed type counts as its definition.</summary>
    public string? NameOf(ITypeSymbol? type) =>
        type is not null && _names.TryGetValue(type.OriginalDefinition, out var name) ? name : null;

    /// <summary>The metadata name of the known type that declares a method, or null.</summary>
    public string? OwnerOf(IMethodSymbol method) => NameOf(method.ContainingType);

    /// <summary>The metadata name of the nearest known type among the type that declares a method and its base types, or
    /// null.</summary>
    public string? KnownBaseOf(IMethodSymbol method)
    {
        for (var current = method.ContainingType; current is not null; current = current.BaseType)
        {
            if (NameOf(current) is { } name)
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>Whether the compilation has the type.</summary>
    public bool Has(string name) => _names.ContainsValue(name);

    public bool Is(ITypeSymbol? type, string name) => string.Equals(NameOf(type), name, StringComparison.Ordinal);

    /// <summary>Whether a type or one of its base types is the known type. A type parameter has the types of its
    /// constraints.</summary>
    public bool DerivesFrom(ITypeSymbol? type, string name)
    {
        if (type is ITypeParameterSymbol parameter)
        {
            return parameter.ConstraintTypes.Any(constraint => DerivesFrom(constraint, name));
        }

        for (var current = type; current is not null; current = current.BaseType)
        {
            if (Is(current, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Task, ValueTask, or one of them with a result.</summary>
    public bool IsTask(ITypeSymbol? type) => NameOf(type) is Task or TaskOfT or ValueTask or ValueTaskOfT;

    /// <summary>A type that a lane refuses as a result.</summary>
    public bool IsTaskOrDerived(ITypeSymbol? type) => IsTask(type) || DerivesFrom(type, Task);
}
