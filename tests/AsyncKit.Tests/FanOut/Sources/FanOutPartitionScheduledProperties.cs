using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Runs random partitions under random schedules, and compares them with a model.</summary>
public sealed class FanOutPartitionScheduledProperties : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Thousand = new() { Schedules = World.Schedules(1_000) };

    [Fact]
    public void An_idle_schedule_runs_exactly_the_items_that_the_model_runs() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            var keys = random.GetItems(['a', 'b', 'c'], random.Next(16));
            var options = new FanOutOptions
            {
                MaxConcurrency = random.Next(1, 5),
                Partition = FanOutPartition.By((int item) => keys[item], random.Next(1, 4)) with
                {
                    MaxParked = random.Next(1, 6),
                },
            };
            var model = new Model(keys, options);
            var ends = keys.Select(_ => new TaskCompletionSource()).ToArray();
            var running = new HashSet<int>();
            var entry = random.Next(4);
            var source = new ProbedSource(keys.Length)
            {
                OnMoveNextAsync = async (_, _) =>
                {
                    for (var i = random.Next(3); i > 0; i--)
                    {
                        await Task.Yield();
                    }
                },
            };

            Task run = entry switch
            {
                0 => Enumerable.Range(0, keys.Length).ToArray().FanOutAsync(options, RunAsync),
                1 => source.FanOutAsync(options, RunAsync),
                2 => source.AsAsync().FanOutAsync(options, RunAsync),
                _ => Enumerable.Range(0, keys.Length).ToList().FanOutReportAsync(options, RunAsync),
            };
            await context.RunUntilIdleAsync();
            while (model.Running.Count > 0)
            {
                Assert.Equal(model.Running, running.Order());
                Assert.True(entry is 0 or 3 || source.Pulled == model.Pulled, $"{source.Pulled} instead of {model.Pulled}");
                var ended = random.GetItems(model.Running.ToArray(), 1)[0];
                model.End(ended);
                ends[ended].SetResult();
                await context.RunUntilIdleAsync();
            }

            Assert.Empty(running);
            Assert.Equal(keys.Length, model.Pulled);
            await run;

            async ValueTask<int> RunAsync(int item, CancellationToken token)
            {
                Assert.True(running.Add(item));
                await ends[item].Task;
                running.Remove(item);
                return item;
            }
        }, new AsyncTestOptions { Schedules = World.Schedules(2_000) });

    [Fact]
    public void Any_run_keeps_both_limits_and_the_order_of_each_key_and_leaves_nothing_running() =>
        AsyncTest.Run(async context =>
        {
            var scenario = new Scenario(context.Random);
            using var caller = new CancellationTokenSource();
            var cancelling = scenario.CancelAfterYieldsAsync(caller);

            var failure = await scenario.RunAsync(caller.Token);

            scenario.AssertCompleted();
            Assert.True(
                failure is null || scenario.MayFail || caller.IsCancellationRequested, $"The run failed without a reason: {failure}");
            await cancelling;
        }, Thousand with { Schedules = World.Schedules(3_000) });

    /// <summary>Computes the items that must run if no code takes time.</summary>
    private sealed class Model
    {
        private readonly char[] _keys;
        private readonly FanOutOptions _options;
        private readonly List<int> _parked = [];

        public Model(char[] keys, FanOutOptions options)
        {
            (_keys, _options) = (keys, options);
            Pull();
        }

        public SortedSet<int> Running { get; } = [];

        public int Pulled { get; private set; }

        public void End(int item)
        {
            Running.Remove(item);
            var next = _parked.Find(parked => _keys[parked] == _keys[item]);
            if (_parked.Remove(next))
            {
                Running.Add(next);
            }

            Pull();
        }

        private void Pull()
        {
            while (Running.Count < _options.MaxConcurrency && _parked.Count < _options.Partition!.MaxParked
                && Pulled < _keys.Length)
            {
                var item = Pulled++;
                if (Running.Count(other => _keys[other] == _keys[item]) < _options.Partition.MaxPerKey)
                {
                    Running.Add(item);
                }
                else
                {
                    _parked.Add(item);
                }
            }
        }
    }

    private sealed class Scenario
    {
        private readonly Random _random;
        private readonly Outcome[] _script;
        private readonly int[] _keys;
        private readonly FanOutOptions _options;
        private readonly ProbedSource _source;
        private readonly ScriptedBody _body;
        private readonly KeyWatch _watch;
        private readonly bool _isTask;
        private readonly bool _isRated;
        private readonly List<KeyLimiter> _limiters = [];
        private readonly int _stopAt = int.MaxValue;
        private readonly int _faultyKey;
        private readonly int _yieldsToCancel;
        private int _read;

        public Scenario(Random random)
        {
            _random = random;
            var outcomes = random.Next(3) switch
            {
                0 => [Outcome.Succeed, Outcome.SucceedAfterYields, Outcome.SucceedAlthoughCancelled],
                1 => Enum.GetValues<Outcome>().Except([Outcome.WaitForToken]).ToArray(),
                _ => Enum.GetValues<Outcome>(),
            };
            _script = random.GetItems(outcomes, random.Next(0, 14));
            _keys = random.GetItems([0, 1, 2], _script.Length);
            _watch = new KeyWatch(item => _keys[item]);
            _body = new ScriptedBody(_script);
            _faultyKey = random.Next(5) == 0 ? random.Next(14) : -1;
            _isTask = random.Next(2) == 0;
            _isRated = random.Next(2) == 0;
            _options = new FanOutOptions
            {
                MaxConcurrency = random.Next(1, 6),
                OnFailure = (FailureMode)random.Next(2),
                Partition = FanOutPartition.By<int, int>(KeyOf, random.Next(1, 3), _isRated ? NewLimiter : null) with
                {
                    MaxParked = random.Next(1, 5),
                },
            };
            if (!_isTask)
            {
                _options = _options with { Order = (FanOutOrder)random.Next(2), Lookahead = random.Next(9) };
                _stopAt = random.Next(3) == 0 ? random.Next(1, 14) : int.MaxValue;
            }

            _source = new ProbedSource(_script.Length)
            {
                Fault = random.Next(5) == 0 ? (SourceFault)random.Next(1, 5) : SourceFault.None,
                FaultAt = random.Next(16),
                OnMoveNextAsync = async (pulled, token) =>
                {
                    for (var i = random.Next(4); i > 0; i--)
                    {
                        await Task.Yield();
                        if (i == 3)
                        {
                            token.ThrowIfCancellationRequested();
                        }
                    }
                },
            };
            _yieldsToCancel = _script.Contains(Outcome.WaitForToken) || random.Next(3) == 0 ? random.Next(60) : -1;
        }

        public bool MayFail => _faultyKey >= 0 || _source.Fault != SourceFault.None || _script.Any(ScriptedBody.Fails);

        public async Task<Exception?> RunAsync(CancellationToken cancellationToken)
        {
            try
            {
                if (_isTask && _random.Next(2) == 0)
                {
                    var report = await (_random.Next(2) == 0
                        ? _source.FanOutReportAsync(_options, OperateAsync, cancellationToken)
                        : _source.AsAsync().FanOutReportAsync(_options, OperateAsync, cancellationToken));
                    AssertReport(report, cancellationToken);
                }
                else if (_isTask)
                {
                    var results = await (_random.Next(2) == 0
                        ? _source.FanOutAsync(_options, OperateAsync, cancellationToken)
                        : _source.AsAsync().FanOutAsync(_options, OperateAsync, cancellationToken));
                    Assert.Equal(Enumerable.Range(0, _script.Length), results);
                    Assert.False(MustFail);
                }
                else
                {
                    await ReadAsync(cancellationToken);
                }
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                return exception;
            }

            return null;
        }

        public async Task CancelAfterYieldsAsync(CancellationTokenSource caller)
        {
            if (_yieldsToCancel >= 0)
            {
                for (var i = 0; i < _yieldsToCancel; i++)
                {
                    await Task.Yield();
                }

                await caller.CancelAsync();
            }
        }

        public void AssertCompleted()
        {
            Assert.Equal((0, 0), (_body.Running, _watch.Running));
            Assert.All(_limiters, limiter => Assert.Equal((0, 1), (limiter.Held, limiter.Disposals)));
            Assert.InRange(_watch.Peak, 0, _options.MaxConcurrency);
            Assert.InRange(_watch.PeakOfAKey, 0, _options.Partition!.MaxPerKey);
            Assert.Equal(_watch.Started.Distinct(), _watch.Started);
            _watch.AssertEachKeyStartedInSourceOrder();
            if (_source.Enumerated > 0)
            {
                var opened = _source.Fault == SourceFault.GetEnumerator ? 0 : 1;
                Assert.Equal((1, opened, false), (_source.Enumerated, _source.Disposed, _source.DisposedWhileMoving));
                Assert.InRange(_source.PeakMoveNext, 0, 1);
            }
        }

        private bool MustFail =>
            _script.Any(ScriptedBody.Fails) || _faultyKey >= 0 && _faultyKey < _script.Length || SourceMustFail;

        /// <summary>Whether the source fails, unless the run stops before.</summary>
        private bool SourceMustFail => _source.Fault switch
        {
            SourceFault.GetEnumerator or SourceFault.Dispose => true,
            SourceFault.MoveNext => _source.FaultAt <= _script.Length,
            SourceFault.Current => _source.FaultAt < _script.Length,
            _ => false,
        };

        private KeyLimiter NewLimiter(int key)
        {
            var limiter = new KeyLimiter
            {
                Grants = () => _random.Next(3) > 0,
                RetryAfter = _random.Next(2) == 0 ? null : TimeSpan.FromMilliseconds(_random.Next(1, 99)),
                IsIdle = _random.Next(2) == 0,
            };
            _limiters.Add(limiter);
            return limiter;
        }

        private int KeyOf(int item) => item == _faultyKey ? throw new FormatException("no key") : _keys[item];

        private void AssertReport(FanOutReport<int, int> report, CancellationToken token)
        {
            Assert.Equal(Enumerable.Range(0, report.Outcomes.Count), report.Outcomes.Select(outcome => outcome.Item));
            Assert.Equal(Enumerable.Range(0, report.Outcomes.Count), report.Outcomes.Select(outcome => outcome.Index));
            Assert.Equal(
                _watch.Started.Order(),
                report.Outcomes.Where(one => one.Kind != FanOutOutcomeKind.NotStarted).Select(one => one.Index));
            Assert.All(report.NotStarted, one => Assert.DoesNotContain(one.Index, _watch.Started));
            var mayStop = report.IsCancelled || (_isRated && report.SourceException is not null) || _options.OnFailure == FailureMode.StopAtFirst;
            Assert.True(mayStop || report.NotStarted.All(one => one.Index == _faultyKey), "A parked item was lost.");
            if (!token.IsCancellationRequested && SourceMustFail && !_script.Any(ScriptedBody.Fails) && _faultyKey < 0)
            {
                Assert.IsType<SourceFaultException>(report.SourceException);
            }
        }

        private async Task ReadAsync(CancellationToken cancellationToken)
        {
            List<int> read = [];
            var stream = _random.Next(2) == 0
                ? _source.FanOutStream(_options, OperateAsync, cancellationToken)
                : _source.AsAsync().FanOutStream(_options, OperateAsync, cancellationToken);
            await foreach (var result in stream)
            {
                read.Add(result);
                Volatile.Write(ref _read, read.Count);
                if (read.Count == _stopAt)
                {
                    return;
                }

                for (var i = _random.Next(3); i > 0; i--)
                {
                    await Task.Yield();
                }
            }

            Assert.False(MustFail && _stopAt == int.MaxValue, "A failure was lost.");
            Assert.Equal(Enumerable.Range(0, _script.Length), _options.Order == FanOutOrder.Source ? read : read.Order());
        }

        private async ValueTask<int> OperateAsync(int item, CancellationToken token)
        {
            _watch.Start(item);
            try
            {
                return await _body.RunAsync(item, token);
            }
            finally
            {
                _watch.End(item);
            }
        }
    }
}
