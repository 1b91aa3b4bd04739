#pragma warning disable CA2012, CA1001 // A model checks whether a task is completed, and disposes its pool in Finish.

using FsCheck;
using FsCheck.Fluent;

namespace AsyncKit.Tests;

/// <summary>Compares the gate with a model, a counter and a first-in-first-out queue, and the pool with a multiset,
/// after every step of a random script.</summary>
public sealed class PermitProperties : IClassFixture<NothingLeftBehind>
{
    private static readonly Arbitrary<List<(int Action, int Index)>> Scripts = Arb.From(
        from steps in Gen.Zip(Gen.Choose(0, 9), Gen.Choose(0, 1_000)).ListOf()
        select steps.ToList());

    [Fact]
    public void A_gate_behaves_like_a_counter_and_a_queue() =>
        Prop.ForAll(Scripts, script => Run(script, () => new GateModel())).QuickCheckThrowOnFailure();

    [Fact]
    public void A_lock_behaves_like_a_gate_with_limit_one() =>
        Prop.ForAll(Scripts, script => Run(script, () => new LockModel())).QuickCheckThrowOnFailure();

    [Fact]
    public void A_pool_behaves_like_a_multiset_of_items() =>
        Prop.ForAll(Scripts, script => Run(script, () => new PoolModel())).QuickCheckThrowOnFailure();

    private static bool Run(List<(int Action, int Index)> script, Func<Model> create)
    {
        var model = create();
        foreach (var (action, index) in script)
        {
            model.Step(action, index);
            model.Check();
        }

        model.Finish();
        return true;
    }

    private abstract class Model
    {
        public abstract void Step(int action, int index);

        public abstract void Check();

        public abstract void Finish();

        /// <summary>Returns the result of a task that completes on this thread or soon on the thread pool.</summary>
        protected static T ResultOf<T>(Task<T> task)
        {
            Assert.True(SpinWait.SpinUntil(() => task.IsCompleted, TimeSpan.FromSeconds(30)), "The waiter was not served.");
#pragma warning disable VSTHRD002 // The task is completed.
            return task.Result;
#pragma warning restore VSTHRD002
        }
    }

    private class GateModel : Model
    {
        private readonly ConcurrencyGate _gate = new(2);
        private readonly List<Lease> _held = [];
        private readonly List<Lease> _old = [];
        private readonly List<(Task<Lease> Wait, CancellationTokenSource Cancellation)> _queue = [];
        private int _limit = 2;

        public override void Step(int action, int index)
        {
            switch (action)
            {
                case 0 or 1 or 2 or 3:
                    var cancellation = new CancellationTokenSource();
                    _queue.Add((AcquireAsync(cancellation.Token).AsTask(), cancellation));
                    break;
                case 4:
                    var isFree = _queue.Count == 0 && _held.Count < _limit;
                    Assert.Equal(isFree, TryAcquire(out var taken));
                    if (isFree)
                    {
                        _held.Add(taken);
                    }

                    break;
                case 5 or 6 when _held.Count > 0:
                    var released = _held[index % _held.Count];
                    _held.Remove(released);
                    _old.Add(released);
                    released.Dispose();
                    break;
                case 7 when _queue.Count > 0:
                    var (wait, source) = _queue[index % _queue.Count];
                    _queue.RemoveAt(index % _queue.Count);
                    source.Cancel();
                    Assert.True(SpinWait.SpinUntil(() => wait.IsCanceled, TimeSpan.FromSeconds(30)));
                    source.Dispose();
                    break;
                case 8 when _old.Count > 0:
                    _old[index % _old.Count].Dispose(); // Again.
                    break;
                case 9:
                    _limit = SetLimit(index % 5); // Zero pauses the gate.
                    break;
            }

            while (_queue.Count > 0 && _held.Count < _limit)
            {
                _held.Add(ResultOf(_queue[0].Wait));
                _queue[0].Cancellation.Dispose();
                _queue.RemoveAt(0);
            }
        }

        public override void Check()
        {
            Assert.Equal((_held.Count, _queue.Count), Numbers());
            Assert.All(_queue, one => Assert.False(one.Wait.IsCompleted));
            Assert.All(_held, lease => Assert.True(lease.IsHeld));
            Assert.All(_old, lease => Assert.False(lease.IsHeld));
        }

        public override void Finish()
        {
            Step(9, 1);
            while (_held.Count > 0)
            {
                Step(5, 0);
                Check();
            }

            Assert.Empty(_queue);
        }

        protected virtual ValueTask<Lease> AcquireAsync(CancellationToken token) => _gate.AcquireAsync(token);

        protected virtual bool TryAcquire(out Lease lease) => _gate.TryAcquire(out lease);

        protected virtual int SetLimit(int limit) => _gate.Limit = limit;

        protected virtual (int Held, int Waiting) Numbers() => (_gate.Active, _gate.Waiting);
    }

    private sealed class LockModel : GateModel
    {
        private readonly AsyncLock _lock = new();

        public LockModel() => Step(9, 0);

        protected override ValueTask<Lease> AcquireAsync(CancellationToken token) => _lock.AcquireAsync(token);

        protected override bool TryAcquire(out Lease lease) => _lock.TryAcquire(out lease);

        protected override int SetLimit(int limit) => 1;

        protected override (int Held, int Waiting) Numbers() => (_lock.IsHeld ? 1 : 0, _lock.Waiting);
    }

    private sealed class PoolModel : Model
    {
        private const int Size = 3;

        private readonly AsyncPool<object> _pool;
        private readonly HashSet<object> _idle = [];
        private readonly List<PooledLease<object>> _rented = [];
        private readonly List<PooledLease<object>> _old = [];
        private readonly List<Task<PooledLease<object>>> _queue = [];
        private bool _fails;

        public PoolModel() => _pool = new(new()
        {
            MaxSize = Size,
            Create = _ => _fails ? throw new InvalidOperationException("no") : new(new object()),
        });

        public override void Step(int action, int index)
        {
            switch (action)
            {
                case 0 or 1 or 2 or 3:
                    _queue.Add(_pool.RentAsync().AsTask());
                    break;
                case 4 when _queue.Count == 0 && _rented.Count < Size && _idle.Count == 0:
                    _fails = true;
                    var failed = _pool.RentAsync().AsTask();
                    _fails = false;
                    Assert.Equal("no", failed.Exception?.InnerException?.Message);
                    break;
                case 5 or 6 or 7 when _rented.Count > 0:
                    var lease = _rented[index % _rented.Count];
                    _rented.Remove(lease);
                    _old.Add(lease);
                    if (action == 7)
                    {
                        lease.Discard();
                    }
                    else
                    {
                        Assert.True(_idle.Add(lease.Value));
                    }

                    Assert.True(lease.DisposeAsync().IsCompletedSuccessfully);
                    break;
                case 8 when _old.Count > 0:
                    _old[index % _old.Count].Discard();
                    Assert.True(_old[index % _old.Count].DisposeAsync().IsCompletedSuccessfully);
                    break;
            }

            while (_queue.Count > 0 && _rented.Count < Size)
            {
                var rented = ResultOf(_queue[0]);
                _queue.RemoveAt(0);
                Assert.Equal(_idle.Count > 0, _idle.Remove(rented.Value)); // A new item only if none is idle.
                Assert.DoesNotContain(_rented, other => other.Value == rented.Value);
                _rented.Add(rented);
            }
        }

        public override void Check()
        {
            Assert.Equal((_rented.Count, _idle.Count, _queue.Count), (_pool.Rented, _pool.Idle, _pool.Waiting));
            Assert.Equal(_rented.Count + _idle.Count, _pool.Alive);
        }

        public override void Finish()
        {
            while (_rented.Count > 0)
            {
                Step(5, 0);
                Check();
            }

            Assert.True(_pool.DisposeAsync().IsCompletedSuccessfully);
            Assert.Equal(0, _pool.Alive);
        }
    }
}
