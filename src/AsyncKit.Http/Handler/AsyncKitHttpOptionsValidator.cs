using Microsoft.Extensions.Options;

namespace AsyncKit.Http;

/// <summary>Validates the combination of a client's options.</summary>
internal sealed class AsyncKitHttpOptionsValidator : IValidateOptions<AsyncKitHttpOptions>
{
    public ValidateOptionsResult Validate(string? name, AsyncKitHttpOptions options) => options.Fault is { } fault
        ? ValidateOptionsResult.Fail($"The options of the client '{name}': {fault}")
        : ValidateOptionsResult.Success;
}
