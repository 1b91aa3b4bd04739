// The tests look at what is process-wide: the pool's busy threads, allocated bytes, unobserved exceptions.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
