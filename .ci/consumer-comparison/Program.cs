using AsyncKit.Comparison;

var output = Console.Out;
var folder = Directory.CreateTempSubdirectory();
Console.SetOut(TextWriter.Null);
Comparison orders = Shop.Orders.Compare([1, 2, 3]);
var code = await orders.RunAsync(["--quick", "--out", folder.FullName]);
var files = folder.GetFiles().Length;
folder.Delete(recursive: true);
var threads = AppContext.GetData("System.Threading.ThreadPool.ThreadTimeoutMs");
output.WriteLine($"{orders.Title}: exit code {code}, {files} files, {threads} ms");
