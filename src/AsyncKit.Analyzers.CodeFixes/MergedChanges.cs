using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers;

/// <summary>Merges the changes of several fixes to one text.</summary>
/// <remarks>The merge of Roslyn's batch fixer accepts an identical insertion twice, but not three times. So it adds a using
/// directive for at most two fixes of a document.</remarks>
internal sealed class MergedChanges
{
    private readonly List<TextChange> _changes = [];

    /// <summary>The changes in the order of the text.</summary>
    public IEnumerable<TextChange> InOrder => _changes.OrderBy(change => change.Span.Start);

    /// <summary>Adds all changes of a fix, or none if one of them conflicts with a change of another fix.</summary>
    public void Add(IReadOnlyList<TextChange> changes)
    {
        var added = changes.Where(change => !_changes.Contains(change)).ToList();
        if (!added.Exists(change => _changes.Exists(other => Conflicts(change, other))))
        {
            _changes.AddRange(added);
        }
    }

    /// <summary>Two replaced parts may touch. The order of an insertion and a change that it touches is
    /// ambiguous.</summary>
    private static bool Conflicts(TextChange one, TextChange other) => one.Span.IsEmpty || other.Span.IsEmpty
        ? one.Span.IntersectsWith(other.Span)
        : one.Span.OverlapsWith(other.Span);
}
