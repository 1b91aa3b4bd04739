namespace AsyncKit.Hosting;

/// <summary>Specifies the effect of a source that throws.</summary>
public enum WhenSourceFails
{
    /// <summary>The host stops, as for any background service. With a BackgroundServiceExceptionBehavior of Ignore it
    /// continues without the consumer.</summary>
    StopHost,

    /// <summary>The consumer requests the source again, after a delay.</summary>
    Restart,
}
