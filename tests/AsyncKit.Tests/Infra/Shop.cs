using Microsoft.EntityFrameworkCore;

namespace AsyncKit.Tests;

/// <summary>The database of the tests with Entity Framework.</summary>
public sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.Entity<Order>().Property(order => order.Id).ValueGeneratedNever();
}

/// <summary>A row of the <see cref="Shop"/>.</summary>
public sealed class Order
{
    public int Id { get; init; }

    public int Total { get; set; }
}
