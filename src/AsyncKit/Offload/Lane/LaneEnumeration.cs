using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace AsyncKit;

/// <summary>
/// One enumeration of a blocking sequence on a lane. Work items fill a bounded channel, one work item at a time; one ends
/// when the channel is full, and the reader asks for another when half of it is empty.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) Filling is set by whoever brings it from 0 to 1 and asks the lane for a work item; that work item alone touches the
/// enumerator, and brings it back to 0 when the channel is full.
/// (2) Who has brought it to 0 looks at the channel again: a reader that has emptied it meanwhile has seen a 1 and asked for
/// nothing.
/// (3) The enumerator is disposed once, on the lane: at the end of the sequence, by the work item that finds the reader
/// gone, or by one that the reader asks for when it leaves and nothing fills.
/// </remarks>
#pragma warning disable CA1001 // StopAsync disposes it.
internal sealed class LaneEnumeration<T>(BlockingLane lane, IEnumerable<T> sequence)
#pragma warning restore CA1001
{
    private const int Ahead = 64;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<T> _channel = Channel.CreateBounded<T>(
        new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });

    private Task _fill = Task.CompletedTask;
    private IEnumerator<T>? _enumerator;
    private int _isFilling;
    private bool _hasEnded;

    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        AskIfLow();
        return _channel.Reader.WaitToReadAsync(cancellationToken);
    }

    public bool TryRead([MaybeNullWhen(false)] out T item)
    {
        if (!_channel.Reader.TryRead(out item))
        {
            return false;
        }

        AskIfLow();
        return true;
    }

    /// <summary>After the last read, whatever has ended it. Waits for the MoveNext that runs.</summary>
    public async Task StopAsync()
    {
        if (Volatile.Read(ref _hasEnded))
        {
            await _fill.NoContext();
            _stopping.Dispose();
            return;
        }

        await AsyncEnvironment.CancelAsync(_stopping).NoContext(); // A work item that waits for a thread is taken back.
        await _fill.NoContext();
        _stopping.Dispose();
        if (_enumerator is null)
        {
            return;
        }

        if (lane.CurrentWork is not null)
        {
            Dispose(); // This is a thread of the lane already.
            return;
        }

        await lane.CleanUpAsync(static feed => feed.Dispose(), this).NoContext();
    }

    private void AskIfLow()
    {
        if (Volatile.Read(ref _isFilling) == 0 && IsLow() && TryBegin())
        {
            _fill = FillAsync();
        }
    }

    private bool IsLow() => _channel.Reader.Count <= Ahead / 2;

    private bool TryBegin() => Interlocked.CompareExchange(ref _isFilling, 1, 0) == 0;

    private async Task FillAsync()
    {
        try
        {
            await lane.StartAsync(static (feed, token) => feed.Fill(token), this, OnCancel.Wait, _stopping.Token).NoContext();
        }
        catch (Exception exception)
        {
            _ = _channel.Writer.TryComplete(exception); // The lane has refused or cancelled it.
        }
    }

    /// <summary>On the lane. Never throws: what the sequence throws is for the reader.</summary>
    private Unit Fill(CancellationToken stopping)
    {
        try
        {
            do
            {
                while (!stopping.IsCancellationRequested && _channel.Reader.Count < Ahead)
                {
                    _enumerator ??= sequence.GetEnumerator();
                    if (!_enumerator.MoveNext())
                    {
                        End(null);
                        return default;
                    }

                    _ = _channel.Writer.TryWrite(_enumerator.Current);
                }

                if (stopping.IsCancellationRequested)
                {
                    Dispose();
                    return default;
                }

                _ = Interlocked.Exchange(ref _isFilling, 0);
            }
            while (IsLow() && TryBegin());
        }
        catch (Exception exception)
        {
            End(exception);
        }

        return default;
    }

    private void End(Exception? exception)
    {
        try
        {
            var enumerator = _enumerator;
            _enumerator = null;
            enumerator?.Dispose();
        }
        catch (Exception disposing)
        {
            exception ??= disposing;
        }

        Volatile.Write(ref _hasEnded, true);
        _ = _channel.Writer.TryComplete(exception);
    }

    /// <summary>For a reader that has left: it is told nothing.</summary>
    private void Dispose()
    {
        try
        {
            var enumerator = _enumerator;
            _enumerator = null;
            enumerator?.Dispose();
        }
        catch (Exception)
        {
            // As with the other streams: an exception here would replace the one that has left the loop.
        }
    }
}
