using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0011: a private semaphore with one permit that the type uses only as a lock.</summary>
/// <remarks>A nested type may use the field of the type around it, so the uses are collected for the outermost type. Its
/// analysis ends after that of its nested types.</remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SemaphoreLockAnalyzer() : RuleAnalyzer(Rules.SemaphoreLock)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols)
    {
        var usesOfTypes = new ConcurrentDictionary<ISymbol, SemaphoreUses?>(SymbolEqualityComparer.Default);
        context.RegisterSymbolStartAction(
            start =>
            {
                var outermost = (INamedTypeSymbol)start.Symbol;
                while (outermost.ContainingType is { } container)
                {
                    outermost = container;
                }

                if (usesOfTypes.GetOrAdd(outermost, _ => SemaphoreUses.Of(outermost, symbols)) is not { } uses)
                {
                    return;
                }

                start.RegisterOperationAction(
                    operation => uses.Add((IFieldInitializerOperation)operation.Operation), OperationKind.FieldInitializer);
                start.RegisterOperationAction(
                    operation => uses.Add((IFieldReferenceOperation)operation.Operation), OperationKind.FieldReference);
                if (SymbolEqualityComparer.Default.Equals(outermost, start.Symbol))
                {
                    start.RegisterSymbolEndAction(end =>
                    {
                        foreach (var field in uses.Locks(end.CancellationToken))
                        {
                            end.ReportDiagnostic(Report(field.Locations[0], field.Name));
                        }
                    });
                }
            },
            SymbolKind.NamedType);
    }
}
