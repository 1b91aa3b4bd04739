namespace AsyncKit;

/// <summary>The code of a method in memory.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Module">The id of its module.</param>
/// <param name="Type">With the namespace.</param>
/// <param name="Name">Without its parameters.</param>
internal sealed record TracedMethod(ulong Start, uint Size, ulong Module, string Type, string Name);
