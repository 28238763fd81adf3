// `sfb_lab render`, `clixml` and `generate`: many documents in one process, as files in a folder named like the golden data.
using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace Sfb.Lab;

internal static class Batch
{
    /// <summary>FOLDER/NAME.clixml to FOLDER/NAME.WIDTH[.VIEW].txt, for each width and view.</summary>
    internal static int Render(string[] args)
    {
        var options = new Options(args, "--width", "--view");
        using var engine = new Engine();
        foreach (string path in Documents(options.Folder))
        {
            foreach (int width in options.Numbers("--width", 120))
            {
                foreach (string view in options.Texts("--view", ""))
                {
                    Save(TextPath(path, width, view), engine.Show(ErrorRecords.Thaw(engine.Import(path)), width, view));
                }
            }
        }
        return 0;
    }

    /// <summary>FOLDER/NAME.clixml to FOLDER/NAME.again.clixml: read and written again with each depth.</summary>
    internal static int Clixml(string[] args)
    {
        var options = new Options(args, "--depth");
        using var engine = new Engine();
        foreach (string path in Documents(options.Folder))
        {
            engine.Export(engine.Import(path), AgainPath(path), options.Numbers("--depth", 2).Single());
        }
        return 0;
    }

    /// <summary>Generated documents, their text and what becomes of them when read and written again.</summary>
    internal static int Generate(string[] args)
    {
        var options = new Options(args, "--seed", "--count");
        int seed = options.Numbers("--seed", 1).Single();
        Directory.CreateDirectory(options.Folder);
        using var engine = new Engine();
        for (int i = 0; i < options.Numbers("--count", 100).Single(); i++)
        {
            // Each document has a generator of its own: the one that differs can be made alone.
            var random = new Random(HashCode(seed, i));
            var generator = new Generator(random);
            int depth = random.Next(1, 3);
            int width = random.Next(4) == 0 ? random.Next(20, 250) : random.GetItems([40, 80, 100, 120, 200], 1)[0];
            bool errors = random.Next(12) == 0;
            string view = random.Next(2) == 0 ? "" : random.GetItems([.. errors ? Engine.ErrorViews : Engine.Views], 1)[0];
            string path = Path.Combine(options.Folder, string.Create(CultureInfo.InvariantCulture, $"{i:d4}{(errors ? "-error" : "")}.clixml"));
            engine.Export(errors ? ErrorRecords.Freeze(generator.Errors()) : generator.Objects(), path, depth);
            List<object?> back = engine.Import(path);
            if (!errors)  // an error record becomes a live one again, with another exception around the first: nothing to compare
            {
                engine.Export(back, AgainPath(path), depth);
                back = engine.Import(path);  // writing leaves traces on the objects
            }
            Save(TextPath(path, width, view), engine.Show(ErrorRecords.Thaw(back), width, view));
        }
        return 0;
    }

    private static int HashCode(int seed, int i) => unchecked((seed * 1000003) + i);

    private static IEnumerable<string> Documents(string folder) =>
        [.. Directory.GetFiles(folder, "*.clixml").Where(path => !path.EndsWith(".again.clixml", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string AgainPath(string path) => Path.ChangeExtension(path, ".again.clixml");

    private static string TextPath(string path, int width, string view) =>
        Path.ChangeExtension(path, string.Create(CultureInfo.InvariantCulture, $".{width}{(view == "" ? "" : "." + view)}.txt"));

    private static void Save(string path, string text) => File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

    // FOLDER and options with values.
    private sealed class Options
    {
        private readonly List<KeyValuePair<string, string>> _given = [];

        internal Options(string[] args, params string[] known)
        {
            if (args.Length % 2 == 0)
            {
                throw new UsageException("write a FOLDER first, then options with values: " + string.Join(", ", known));
            }
            Folder = Path.GetFullPath(args[0]);
            foreach (string[] pair in args[1..].Chunk(2))
            {
                if (!known.Contains(pair[0]))
                {
                    throw new UsageException($"unknown option {pair[0]}: use {string.Join(", ", known)}");
                }
                _given.Add(new(pair[0], pair[1]));
            }
        }

        internal string Folder { get; }

        internal string[] Texts(string name, string standard) => [.. _given.Where(option => option.Key == name).Select(option => option.Value).DefaultIfEmpty(standard)];

        internal int[] Numbers(string name, int standard) =>
            [.. Texts(name, "").Select(text => text == "" ? standard : int.TryParse(text, CultureInfo.InvariantCulture, out int number) ? number : throw new UsageException($"{name}: '{text}' is no number"))];
    }
}
