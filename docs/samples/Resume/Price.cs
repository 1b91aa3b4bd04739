namespace Resume;

internal sealed record Price(int Product, decimal Amount);
