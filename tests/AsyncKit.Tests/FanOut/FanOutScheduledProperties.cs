using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Random parameters and a random order of the continuations: one seed, one script, one schedule.</summary>
public sealed class FanOutScheduledProperties : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions FiveThousand = new() { Schedules = World.Schedules(5_000) };

    [Fact]
    public void Every_run_keeps_the_limit_and_leaves_nothing_running_in_every_schedule() =>
        AsyncTest.Run(async context =>
        {
            var scenario = new Scenario(context.Random);
            using var caller = new CancellationTokenSource();
            var cancelling = scenario.CancelAfterYieldsAsync(caller);

            var run = scenario.RunAsync(caller.Token);
            await Task.WhenAny(run);

            Assert.Equal(0, scenario.Body.Running);
            Assert.InRange(scenario.Body.Peak, 0, scenario.Limit);
            Assert.Equal(scenario.Body.Started.Distinct(), scenario.Body.Started);
            scenario.AssertSourceUsedProperly();
            scenario.AssertOutcome(run, caller.IsCancellationRequested);
            await cancelling;
        }, FiveThousand);

    private sealed class Scenario
    {
        private readonly Outcome[] _script;
        private readonly FanOutOptions _options;
        private readonly ProbedSource? _source;
        private readonly int _kind;
        private readonly int _yieldsToCancel;

        public Scenario(Random random)
        {
            var outcomes = random.Next(3) switch
            {
                0 => [Outcome.Succeed, Outcome.SucceedAfterYields, Outcome.SucceedAlthoughCancelled],
                1 => Enum.GetValues<Outcome>().Except([Outcome.WaitForToken]).ToArray(),
                _ => Enum.GetValues<Outcome>(),
            };
            _script = random.GetItems(outcomes, random.Next(0, 12));
            _options = new FanOutOptions
            {
                MaxConcurrency = random.Next(1, 6),
                OnFailure = (FailureMode)random.Next(2),
            };
            _kind = random.Next(3);
            _source = _kind == 0 ? null : new ProbedSource(_script.Length)
            {
                Fault = random.Next(4) == 0 ? (SourceFault)random.Next(1, 5) : SourceFault.None,
                FaultAt = random.Next(14),
                OnMoveNextAsync = async (pulled, _) =>
                {
                    for (var i = random.Next(3); i > 0; i--)
                    {
                        await Task.Yield();
                    }
                },
            };

            // A cancellation must end an operation that waits for its token, unless a failure does.
            _yieldsToCancel = _script.Contains(Outcome.WaitForToken) || random.Next(3) == 0 ? random.Next(40) : -1;
            Body = new ScriptedBody(_script);
        }

        public ScriptedBody Body { get; }

        public int Limit => _options.MaxConcurrency;

        public Task<int[]> RunAsync(CancellationToken cancellationToken) => _kind switch
        {
            0 => Enumerable.Range(0, _script.Length).ToArray().FanOutAsync(_options, Body.RunAsync, cancellationToken),
            1 => _source!.FanOutAsync(_options, Body.RunAsync, cancellationToken),
            _ => _source!.AsAsync().FanOutAsync(_options, Body.RunAsync, cancellationToken),
        };

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

        public void AssertSourceUsedProperly()
        {
            if (_source is { Enumerated: > 0 })
            {
                var opened = _source.Fault == SourceFault.GetEnumerator ? 0 : 1;
                Assert.Equal((1, opened, false), (_source.Enumerated, _source.Disposed, _source.DisposedWhileMoving));
                Assert.InRange(_source.PeakMoveNext, 0, 1);
            }
        }

        public void AssertOutcome(Task<int[]> run, bool isCancelled)
        {
            var failing = Enumerable.Range(0, _script.Length).Where(item => ScriptedBody.Fails(_script[item])).ToList();
            if (run.IsCompletedSuccessfully)
            {
                Assert.Empty(failing);
                Assert.False(SourceMustFail, "The failure of the source was lost.");
                Assert.Equal(Enumerable.Range(0, _script.Length), run.GetAwaiter().GetResult());
                return;
            }

            Assert.True(failing.Count > 0 || isCancelled || SourceMustFail, "The run failed without a cause.");
            if (run.IsCanceled)
            {
                Assert.True(isCancelled, "The run was cancelled without a cancellation by the caller.");
                return;
            }

            if (_options.OnFailure == FailureMode.StopAtFirst)
            {
                Assert.All(
                    run.Exception!.InnerExceptions.Where(one => !IsOfSource(one)),
                    one => Assert.Contains((int)one.Data["AsyncKit.Index"]!, failing));
                return;
            }

            var all = Assert.IsType<FanOutException>(Assert.Single(run.Exception!.InnerExceptions));
            var failed = all.Failures.Select(failure => failure.Index).ToList();
            if (SourceMustFail && _source!.Fault != SourceFault.Dispose)
            {
                Assert.Equal(failing.Where(Body.Started.Contains), failed);
            }
            else
            {
                Assert.Equal(failing, failed);
                Assert.Equal(_script.Length, Body.Started.Count);
            }

            Assert.Equal(SourceMustFail, all.InnerExceptions.Any(IsOfSource));
        }

        /// <summary>Applies unless an earlier cause ends the run.</summary>
        private bool SourceMustFail => _source?.Fault switch
        {
            SourceFault.GetEnumerator or SourceFault.Dispose => true,
            SourceFault.MoveNext => _source.FaultAt <= _script.Length,
            SourceFault.Current => _source.FaultAt < _script.Length,
            _ => false,
        };

        private static bool IsOfSource(Exception exception) => exception is SourceFaultException;
    }
}
