using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace AsyncKit.Tests;

/// <summary>Runs the sample in docs/samples/GracefulService as a process and sends it real signals.</summary>
public sealed partial class GracefulServiceTests : IClassFixture<NothingLeftBehind>
{
    private const int SigTerm = 15;

    [Fact]
    public async Task SIGTERM_under_load_exits_with_0_after_every_accepted_request_is_answered()
    {
        using var service = await Service.StartAsync(requestMs: 100, drainMs: 20_000);
        var (answers, answered) = (0, new TestGate());
        var clients = Enumerable.Range(0, 30).Select(_ => Task.Run(LoadAsync)).ToList();
        await answered.ArrivedAsync(60); // All clients are busy.

        service.Signal(SigTerm);
        var (code, lines) = await service.ExitAsync();
        await Task.WhenAll(clients).OrHangs();

        Assert.Equal(0, code); // It drained within the limit.
        Assert.Equal("stopping", lines[0]);
        Assert.Equal($"accepted {answers}, answered {answers}", lines[1]);
        Assert.InRange(answers, 60, int.MaxValue);

        async Task LoadAsync()
        {
            while (await service.AskAsync() is { } answer)
            {
                Assert.EndsWith("hello", answer, StringComparison.Ordinal); // Never a partial answer.
                Interlocked.Increment(ref answers);
                answered.Arrive();
            }
        }
    }

    [Fact]
    public async Task A_second_SIGTERM_exits_at_once_with_143()
    {
        using var service = await Service.StartAsync(requestMs: 3_600_000, drainMs: 3_600_000);
        var asking = service.AskAsync();
        await service.IsConnectedAsync();
        service.Signal(SigTerm);
        Assert.Equal("stopping", await service.ReadLineAsync());

        service.Signal(SigTerm);

        Assert.Equal(128 + SigTerm, (await service.ExitAsync()).Code);
        Assert.Null(await asking.OrHangs());
    }

    [Fact]
    public async Task A_request_that_exceeds_the_limit_is_aborted_and_the_exit_code_is_1()
    {
        using var service = await Service.StartAsync(requestMs: 3_600_000, drainMs: 0);
        var asking = service.AskAsync();
        await service.IsConnectedAsync();

        service.Signal(SigTerm);

        Assert.Equal(1, (await service.ExitAsync()).Code);
        Assert.Null(await asking.OrHangs());
    }

    private sealed partial class Service : IDisposable
    {
        private readonly Process _process;
        private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _port;

        private Service(Process process) => _process = process;

        public static async Task<Service> StartAsync(int requestMs, int drainMs)
        {
            var start = new ProcessStartInfo("dotnet")
            {
                ArgumentList =
                {
                    SampleProcess.PathOf("GracefulService"), $"{requestMs}", $"{drainMs}",
                },
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            var service = new Service(Process.Start(start)!);
            service._port = int.Parse((await service.ReadLineAsync())!.Split(' ')[^1], CultureInfo.InvariantCulture);
            return service;
        }

        public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

        public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync().OrHangs();

        /// <summary>Waits until a request was sent.</summary>
        public Task IsConnectedAsync() => _connected.Task.OrHangs();

        /// <returns>The whole answer, or null if the connection was refused or aborted.</returns>
        public async Task<string?> AskAsync()
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", _port);
                await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
                _connected.TrySetResult();
                using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
                return await reader.ReadToEndAsync() is { Length: > 0 } answer ? answer : null;
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                return null;
            }
        }

        public async Task<(int Code, string[] Lines)> ExitAsync()
        {
            var output = await _process.StandardOutput.ReadToEndAsync().OrHangs();
            await _process.WaitForExitAsync().OrHangs();
            return (_process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.Dispose();
        }

        [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Kill(int process, int signal);
    }
}
