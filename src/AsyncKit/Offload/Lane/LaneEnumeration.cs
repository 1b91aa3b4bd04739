using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace AsyncKit;

/// <summary>One enumeration of a blocking sequence on a lane. Work items fill a bounded channel, one work item at a
/// time.</summary>
/// <remarks>
/// Lifetime: from the first read until <see cref="StopAsync"/> completes. A work item returns when the channel is full.
/// The reader requests another one when the channel is half empty.
/// <para>
/// Invariants:
/// (1) The thread that changes <c>_isFilling</c> from 0 to 1 requests a work item. Only that work item uses the
/// enumerator. It changes the flag back to 0 when the channel is full.
/// (2) After it clears the flag, the work item checks the channel again: a reader that emptied it in between saw the
/// flag set and requested nothing.
/// (3) The enumerator is disposed once, on the lane. The work item disposes it at the end of the sequence, or when it
/// finds the reader gone. If no work item runs then, <see cref="StopAsync"/> requests cleanup work.
/// </para>
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
    private bool _isAtEnd;

    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        FillIfLow();
        return _channel.Reader.WaitToReadAsync(cancellationToken);
    }

    public bool TryRead([MaybeNullWhen(false)] out T item)
    {
        if (!_channel.Reader.TryRead(out item))
        {
            return false;
        }

        FillIfLow();
        return true;
    }

    /// <summary>Stops the enumeration after the last read, however that ended. Waits for a MoveNext
    /// that is running.</summary>
    public async Task StopAsync()
    {
        if (!Volatile.Read(ref _isAtEnd))
        {
            await AsyncEnvironment.CancelAsync(_stopping).NoContext(); // Cancels a work item that waits for a thread.
        }

        await _fill.NoContext();
        _stopping.Dispose();
        if (_enumerator is null)
        {
            return;
        }

        if (lane.CurrentWork is not null)
        {
            _ = CleanUp(); // The current thread belongs to the lane. Waiting for another one could deadlock.
            return;
        }

        await lane.CleanUpAsync(static (self, _) => self.CleanUp(), this).NoContext();
    }

    private void FillIfLow()
    {
        if (Volatile.Read(ref _isFilling) == 0 && IsLow() && TryStartFilling())
        {
            _fill = FillAsync();
        }
    }

    private bool IsLow() => _channel.Reader.Count <= Ahead / 2;

    private bool TryStartFilling() => Interlocked.CompareExchange(ref _isFilling, 1, 0) == 0;

    private async Task FillAsync()
    {
        try
        {
            await lane
                .StartAsync(static (self, token) => self.Fill(token), this, OnCancel.Wait, _stopping.Token).NoContext();
        }
        catch (Exception exception)
        {
            _ = _channel.Writer.TryComplete(exception); // The lane refused or cancelled the work item.
        }
    }

    /// <summary>Runs on the lane. Never throws: the reader gets the exceptions of the sequence.</summary>
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
                        Complete(null);
                        return default;
                    }

                    _ = _channel.Writer.TryWrite(_enumerator.Current);
                }

                if (stopping.IsCancellationRequested)
                {
                    return CleanUp();
                }

                _ = Interlocked.Exchange(ref _isFilling, 0);
            }
            while (IsLow() && TryStartFilling());
        }
        catch (Exception exception)
        {
            Complete(exception);
        }

        return default;
    }

    private void Complete(Exception? exception)
    {
        var disposing = DisposeEnumerator();
        Volatile.Write(ref _isAtEnd, true);
        _ = _channel.Writer.TryComplete(exception ?? disposing);
    }

    /// <summary>Disposes the enumerator after the reader is gone. An exception of Dispose is dropped: it would replace
    /// the exception that ended the reader's loop.</summary>
    private Unit CleanUp()
    {
        _ = DisposeEnumerator();
        return default;
    }

    private Exception? DisposeEnumerator()
    {
        try
        {
            var enumerator = _enumerator;
            _enumerator = null;
            enumerator?.Dispose();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
