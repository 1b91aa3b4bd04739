using AsyncKit.Benchmarks;

return args switch
{
    ["serve", .. var rest] => ServerProgram.Run(rest),
    ["adaptive", .. var rest] => AdaptiveCommand.Run(rest),
    ["http", .. var rest] => HttpCommand.Run(rest),
    ["readme"] => ReadmeCommand.Run(),
    ["remote", .. var rest] => RemoteCommand.Run(rest),
    ["micro", .. var rest] => MicroBenchmarks.Run(rest),
    _ => CompareCommand.Run(args),
};
