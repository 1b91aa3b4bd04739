namespace RemoteResize;

internal sealed record Thumb(int Id, int Width, int Height);
