using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0013: a response whose bytes only go to a file.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BufferedDownloadAnalyzer() : RuleAnalyzer(Rules.BufferedDownload)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols)
    {
        if (!symbols.Has(KnownSymbols.Downloads))
        {
            return;
        }

        context.RegisterOperationAction(
            operation =>
            {
                var call = (IInvocationOperation)operation.Operation;
                if (call.TargetMethod.Name is "GetByteArrayAsync"
                    && symbols.OwnerOf(call.TargetMethod) is KnownSymbols.HttpClient
                    && call.Syntax is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax method }
                    && call.AwaitOf() is { } bytes
                    && (IsWritten(bytes, symbols) || IsWrittenNext(bytes, symbols)))
                {
                    operation.ReportDiagnostic(Report(method));
                }
            },
            OperationKind.Invocation);
    }

    /// <summary>Whether a value is the content that is written to a file.</summary>
    private static bool IsWritten(IOperation value, KnownSymbols symbols) =>
        value.UsedBy() is IArgumentOperation { Parameter.Ordinal: 1, Parent: IInvocationOperation write }
        && symbols.OwnerOf(write.TargetMethod) is KnownSymbols.File
        && write.TargetMethod.Name switch
        {
            "WriteAllBytes" => true,
            "WriteAllBytesAsync" => write.AwaitOf() is not null,
            _ => false,
        };

    /// <summary>Whether a value is kept in a local whose only use is that the next statement writes it.</summary>
    private static bool IsWrittenNext(IAwaitOperation value, KnownSymbols symbols)
    {
        if (value.UsedBy() is not IVariableInitializerOperation
            {
                Parent: IVariableDeclaratorOperation
                {
                    Symbol: var local,
                    Parent: IVariableDeclarationOperation
                    {
                        Declarators.Length: 1,
                        Parent: IVariableDeclarationGroupOperation { Parent: IBlockOperation block } declaration,
                    },
                },
            })
        {
            return false;
        }

        var uses = value.Root().Descendants().OfType<ILocalReferenceOperation>()
            .Where(use => SymbolEqualityComparer.Default.Equals(use.Local, local)).ToList();
        var next = block.Operations.ElementAtOrDefault(block.Operations.IndexOf(declaration) + 1);
        return uses.Count == 1
            && IsWritten(uses[0], symbols)
            && next is IExpressionStatementOperation
            && next.Descendants().Contains(uses[0])
            && uses[0].Function() == value.Function();
    }
}
