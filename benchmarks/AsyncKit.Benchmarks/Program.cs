using AsyncKit.Benchmarks;

return args switch
{
    ["micro", .. var rest] => MicroBenchmarks.Run(rest),
    _ => 0,
};
