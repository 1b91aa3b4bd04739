using System.Diagnostics;
namespace AsyncKit.Testing.Tests;
public sealed class SpikeTests(Xunit.Abstractions.ITestOutputHelper output)
{
    [Fact] public void Ten_thousand() {
        for (int k=0;k<3;k++) {
        var sw = Stopwatch.StartNew();
        AsyncTest.Run(async c => {
            var n=0;
            await Task.WhenAll(Enumerable.Range(0,6).Select(async i => { await Task.Yield(); n++; await c.Time.Delay(i); await Task.Yield(); n++; }));
        }, new() { Schedules = 10000 });
        output.WriteLine($"{sw.ElapsedMilliseconds} ms");
        sw.Restart();
        AsyncTest.Run(async c => {
            await Task.WhenAll(Enumerable.Range(0,100).Select(async i => { for (int j=0;j<60;j++) await Task.Delay(TimeSpan.FromSeconds(59.0 + i/100.0), c.Time); }));
        }, new() { Schedules = 1, MaxVirtualTime = TimeSpan.FromHours(2) });
        output.WriteLine($"hour {sw.ElapsedMilliseconds} ms");
        }
    }
    static void Fails(string what, Xunit.Abstractions.ITestOutputHelper o, Func<AsyncTestContext, Task> t, int schedules=100) {
        var sw=Stopwatch.StartNew();
        var e = Record.Exception(() => AsyncTest.Run(t, new(){Schedules=schedules}));
        o.WriteLine($"== {what} {sw.ElapsedMilliseconds} ms\n{e?.Message}");
        if (e is AsyncTestException f) for (int i=0;i<10;i++) {
          var g = Record.Exception(() => AsyncTest.Run(t, new(){Seed=f.Seed}));
          if (g is null || i==0) o.WriteLine($"  replay: {g?.Message}");
        }
    }
    [Fact] public void Bugs() {
        Fails("lost update", output, async c => {
            var n=0; async Task Inc() { var x=n; await Task.Yield(); n=x+1; }
            await Task.WhenAll(Inc(), Inc()); Assert.Equal(2,n);
        });
        Fails("deadlock", output, async c => {
            using var a=new SemaphoreSlim(1); using var b=new SemaphoreSlim(1);
            async Task Transfer(SemaphoreSlim x, SemaphoreSlim y) { await x.WaitAsync(); try { await Task.Yield(); await y.WaitAsync(); y.Release(); } finally { x.Release(); } }
            await Task.WhenAll(Transfer(a,b), Transfer(b,a));
        });
        Fails("deadlock ct", output, async c => {
            using var cts=new CancellationTokenSource();
            using var a=new SemaphoreSlim(1); using var b=new SemaphoreSlim(1);
            async Task Transfer(SemaphoreSlim x, SemaphoreSlim y) { await x.WaitAsync(cts.Token); try { await Task.Yield(); await y.WaitAsync(cts.Token); y.Release(); } finally { x.Release(); } }
            await Task.WhenAll(Transfer(a,b), Transfer(b,a));
        });
        Fails("timer", output, c => { c.Time.CreateTimer(_=>{}, null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)); return Task.CompletedTask; });
        Fails("leak", output, async c => { async Task Pump(){ while(true) await Task.Delay(1000,c.Time==null?default:default); } var t=Leaky(); await Task.Yield(); async Task Leaky(){ await new TaskCompletionSource().Task; } });
        Fails("unobserved", output, async c => { async Task Bad(){ await Task.Yield(); throw new FormatException("bad"); } _ = Bad(); await c.RunUntilIdleAsync(); });
        Fails("block", output, async c => { await Task.Yield(); new TaskCompletionSource().Task.Wait(); });
        Fails("block result", output, async c => { var t = Y(); await Task.Yield(); _ = t.Result; async Task<int> Y(){ await Task.Delay(5,CancellationToken.None); return 1;} });
        Fails("task.run ok", output, async c => { var x = await Task.Run(() => { Thread.Sleep(5); return 1; }); Assert.Equal(1,x); }, 20);
        Fails("cf ok", output, async c => { async Task A(){ await Task.Delay(1000, c.Time == null ? default : default).ConfigureAwait(false);} var sem=new SemaphoreSlim(0); using var cts=new CancellationTokenSource(); async Task B() { await sem.WaitAsync(cts.Token).ConfigureAwait(false); await Task.Yield(); }  var b=B(); var d=B(); sem.Release(2); await b; await d; });
        Fails("thread", output, async c => { var tcs=new TaskCompletionSource(); new Thread(()=>{Thread.Sleep(20); tcs.SetResult();}).Start(); await tcs.Task; }, 10);
        Fails("livelock", output, async c => { while(true) await Task.Yield(); }, 1);
        Fails("heartbeat", output, async c => { while(true) await c.Time.Delay(1); }, 1);
        Fails("async void", output, async c => { V(); await Task.Yield(); await Task.Yield(); async void V(){ await Task.Yield(); throw new FormatException("void"); } });
        Fails("asynciter", output, async c => { await foreach (var x in It()) { if (x==2) break; } async IAsyncEnumerable<int> It(){ for(int i=0;;i++){ await Task.Yield(); yield return i; } } });
    }
}
static class X { public static Task Delay(this VirtualTime t, int s) => Task.Delay(TimeSpan.FromSeconds(s), t); }
