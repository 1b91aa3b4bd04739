// The tests observe the whole process: the thread pool, timers, unobserved exceptions.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
