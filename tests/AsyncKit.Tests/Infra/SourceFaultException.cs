namespace AsyncKit.Tests;

internal sealed class SourceFaultException(string message) : Exception(message);
