// The tests look at what is process-wide: unobserved exceptions, timers, memory.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
