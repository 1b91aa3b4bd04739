namespace AsyncKit;

/// <summary>What a <see cref="TaskScope"/> does when a child ends, and what its join tells.</summary>
public enum TaskScopePolicy
{
    /// <summary>The first failure cancels the others; the join throws that exception.</summary>
    CancelOnFirstFailure = 0,

    /// <summary>Every child runs to its end; the join throws one <see cref="AggregateException"/> with every
    /// failure.</summary>
    RunToEnd = 1,

    /// <summary>The first success cancels the others; the join throws, an <see cref="AggregateException"/> with every
    /// failure, only if no child has succeeded.</summary>
    FirstSuccess = 2,
}
