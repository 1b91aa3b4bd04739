using System.Diagnostics;

namespace AsyncKit;

/// <content>The queue, the stack of idle threads and who is nested in whom. All of it under the lock.</content>
internal sealed partial class LaneEngine
{
    /// <returns>Who is to get the item: an idle thread, a new one, which perhaps gets the first of the queue instead, or
    /// nobody yet.</returns>
    private LaneThread? Place(ref LaneItem item, out bool isNew)
    {
        isNew = false;
        if (_top is { } idle)
        {
            Remove(idle);
            Activate(item);
            return idle;
        }

        if (_threads == Options.MaxThreads)
        {
            LinkLast(item);
            return null;
        }

        if (_first is { } first) // A thread could not be started before.
        {
            LinkLast(item);
            Unlink(first);
            item = first;
        }

        isNew = true;
        _threads++;
        _alive++;
        Activate(item);
        return new LaneThread(this, ++_number);
    }

    private void Activate(LaneItem item)
    {
        item.HasThread = true;
        _active++;
        LeakCounter.Begin();
    }

    private void Deactivate()
    {
        _active--;
        LeakCounter.End();
    }

    private void AddChild(LaneItem item, LaneItem? parent)
    {
        item.Parent = parent;
        if (parent is not null && parent.Nested++ == 0)
        {
            _nesting++;
        }
    }

    /// <summary>The item has ended, or nobody waits for it any more.</summary>
    private void RemoveChild(LaneItem item)
    {
        if (item.Parent is { } parent)
        {
            item.Parent = null; // Or a chain of calls, each from the one before, would be kept for ever.
            if (--parent.Nested == 0 && parent.HasThread)
            {
                _nesting--;
            }
        }
    }

    private void LinkLast(LaneItem item)
    {
        item.IsQueued = true;
        item.Previous = _last;
        if (_last is null)
        {
            _first = item;
        }
        else
        {
            _last.Next = item;
        }

        _last = item;
        _queued++;
    }

    private void LinkFirst(LaneItem item)
    {
        item.IsQueued = true;
        item.Next = _first;
        if (_first is null)
        {
            _last = item;
        }
        else
        {
            _first.Previous = item;
        }

        _first = item;
        _queued++;
    }

    private void Unlink(LaneItem item)
    {
        if (item.Previous is { } previous)
        {
            previous.Next = item.Next;
        }
        else
        {
            _first = item.Next;
        }

        if (item.Next is { } next)
        {
            next.Previous = item.Previous;
        }
        else
        {
            _last = item.Previous;
        }

        item.Next = item.Previous = null;
        item.IsQueued = false;
        _queued--;
    }

    private void Push(LaneThread thread)
    {
        thread.IsIdle = true;
        thread.Below = _top;
        if (_top is null)
        {
            _bottom = thread;
        }
        else
        {
            _top.Above = thread;
        }

        _top = thread;
    }

    private void Remove(LaneThread thread)
    {
        if (thread.Above is { } above)
        {
            above.Below = thread.Below;
        }
        else
        {
            _top = thread.Below;
        }

        if (thread.Below is { } below)
        {
            below.Above = thread.Above;
        }
        else
        {
            _bottom = thread.Above;
        }

        thread.Above = thread.Below = null;
        thread.IsIdle = false;
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The lock is held.");
        Debug.Assert(_threads >= 0 && _threads <= Options.MaxThreads, "(1) Threads is at most MaxThreads.");
        Debug.Assert(_active >= 0 && _active <= _threads, "(1) Who has an item has a thread.");
        Debug.Assert(_active == _threads || _top is not null, "(1) Who has no item is idle.");
        Debug.Assert(_active < _threads || _top is null, "(1) Who is idle has no item.");
        Debug.Assert(_first is null || _top is null, "(2) Nobody is idle while something is queued.");
        Debug.Assert(_first is null == _queued is 0, "(2) Queued counts the queue.");
        Debug.Assert(_top is null == _bottom is null && _top?.Above is null && _bottom?.Below is null, "(3) It is a stack.");
        Debug.Assert(_nesting >= 0 && _nesting <= _active, "(4) Only who has a thread waits.");
        Debug.Assert(_alive >= _threads, "(5) Nobody is over before it has left.");
        Debug.Assert(!_isEnding || _top is null, "(5) Nobody is idle after the end.");
    }
}
