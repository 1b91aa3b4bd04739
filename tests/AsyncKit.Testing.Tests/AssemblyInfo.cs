// The tests look at what is process-wide: the pool's busy threads, unobserved exceptions, an AppContext switch.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
