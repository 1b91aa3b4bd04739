// The tests observe process-wide state: busy threads of the thread pool, unobserved exceptions, an AppContext switch.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
