namespace RemoteResize;

internal sealed record Image(int Id, int Width, int Height);
