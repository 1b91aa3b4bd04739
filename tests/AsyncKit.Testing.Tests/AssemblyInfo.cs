// The tests observe process-wide state: busy pool threads, unobserved exceptions, an AppContext switch.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
