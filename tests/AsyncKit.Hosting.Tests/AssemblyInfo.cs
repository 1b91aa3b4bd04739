// The tests look at what is process-wide: unobserved exceptions, timers, the thread pool.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
