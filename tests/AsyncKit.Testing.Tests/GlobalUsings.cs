global using static System.StringComparison;
