namespace AsyncKit;

/// <summary>Specifies how the outcome of a child of a <see cref="TaskScope"/> affects the other children and the
/// join.</summary>
public enum TaskScopePolicy
{
    /// <summary>The first failure cancels the other children; the join throws that exception.</summary>
    CancelOnFirstFailure = 0,

    /// <summary>Every child runs to completion; the join throws one <see cref="AggregateException"/> with every
    /// failure.</summary>
    RunToEnd = 1,

    /// <summary>The first success cancels the other children, and the join succeeds. If no child succeeds, the join
    /// throws one <see cref="AggregateException"/> with every failure.</summary>
    FirstSuccess = 2,
}
