// Random PowerShell objects: every type of CLIXML's tag table, in every shape the serialiser knows.
using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using System.Xml;
using Microsoft.Rtc.Management.Hadr.BackupService;

namespace Sfb.Lab;

internal sealed class Generator(Random random)
{
    private readonly Words _words = new(random);

    /// <summary>What one pipeline gives.</summary>
    internal List<object?> Objects() => random.Next(10) switch
    {
        0 or 1 => Many(1, 4, () => Status()),
        2 or 3 or 4 => Rows(),
        5 => Many(1, 4, () => Plain()),
        6 => Many(1, 4, () => random.Next(3) == 0 ? Plain() : Custom(1)),
        7 => [Shared()],
        8 => Many(1, 3, () => Dictionary(2)),
        _ => Many(1, 3, () => Custom(3)),
    };

    /// <summary>Error records of a pipeline.</summary>
    internal List<ErrorRecord> Errors() => [.. Many(1, 3, () => Error()).Cast<ErrorRecord>()];

    private ErrorRecord Error()
    {
        Exception exception = random.Next(4) switch
        {
            0 => new InvalidOperationException(_words.Text(), new ArgumentException(_words.Text())),
            1 => new ItemNotFoundException(_words.Text()),
            2 => new UnauthorizedAccessException(_words.Text()),
            _ => new RuntimeException(_words.Text()),
        };
        var category = (ErrorCategory)random.Next(32);
        var record = new ErrorRecord(exception, random.Next(6) == 0 ? "" : _words.Name(), Enum.IsDefined(category) ? category : ErrorCategory.NotSpecified, random.Next(3) == 0 ? null : Scalar());
        if (random.Next(3) == 0)
        {
            record.ErrorDetails = new ErrorDetails(_words.Text()) { RecommendedAction = _words.Text() };
        }
        if (random.Next(3) == 0)
        {
            (record.CategoryInfo.Activity, record.CategoryInfo.Reason, record.CategoryInfo.TargetName) = (_words.Name(), _words.Name(), _words.Text());
        }
        return record;
    }

    // Objects with the same properties, as a table wants them; some have more, some less.
    private List<object?> Rows()
    {
        List<string> names = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => _words.Name()).Distinct(StringComparer.OrdinalIgnoreCase)];
        List<int> kinds = [.. names.Select(_ => random.Next(12))];
        return Many(1, 7, () =>
        {
            var row = new PSObject();
            foreach ((string name, int kind) in names.Zip(kinds))
            {
                if (random.Next(20) != 0)
                {
                    row.Properties.Add(new PSNoteProperty(name, random.Next(15) == 0 ? null : kind < 6 ? _words.Text() : kind < 10 ? Scalar() : Value(1)));
                }
            }
            return row;
        });
    }

    private BackupServiceStatus Status() => new()
    {
        ActiveMachineFqdn = random.Next(5) == 0 ? null : _words.Name().ToLowerInvariant() + ".example.com",
        OverallExportStatus = Word<ExportStatus>(),
        OverallImportStatus = Word<ImportStatus>(),
        BackupModules = [.. Many(0, 6, () => Module()).Cast<BackupModuleStatus>()],
    };

    private BackupModuleStatus Module() => new() { Identity = $"{_words.Name()}.{_words.Name()}", ExportStatus = Word<ExportStatus>(), ImportStatus = Word<ImportStatus>() };

    private PSObject Custom(int depth)
    {
        var custom = new PSObject();
        foreach (string name in Enumerable.Range(0, random.Next(0, 8)).Select(_ => _words.Name()).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            custom.Properties.Add(new PSNoteProperty(name, Value(depth - 1)));
        }
        if (random.Next(3) == 0)
        {
            custom.TypeNames.Insert(0, $"Example.{_words.Name()}");
        }
        return custom;
    }

    private IDictionary Dictionary(int depth)
    {
        // A Hashtable's order changes from process to process, and every dictionary but an ordered one is read back as one: only one entry.
        IDictionary dictionary = random.Next(3) switch { 0 => new OrderedDictionary(), 1 => new Dictionary<string, object?>(), _ => new Hashtable() };
        foreach (string name in Enumerable.Range(0, random.Next(0, dictionary is OrderedDictionary ? 6 : 2)).Select(_ => random.Next(4) == 0 ? _words.Text() : _words.Name()).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            dictionary.Add(name, Value(depth - 1));
        }
        return dictionary;
    }

    // The same object in several places, and once inside itself.
    private PSObject Shared()
    {
        PSObject inner = Custom(1), outer = Custom(1);
        outer.Properties.Add(new PSNoteProperty("SharedA", inner));
        outer.Properties.Add(new PSNoteProperty("SharedB", new object?[] { inner, Scalar(), inner }));
        if (random.Next(2) == 0)
        {
            inner.Properties.Add(new PSNoteProperty("Owner", outer));
        }
        return outer;
    }

    private object? Value(int depth) => depth <= 0 ? Scalar() : random.Next(14) switch
    {
        0 => Many(0, 6, () => Value(depth - 1)).ToArray(),
        1 => Many(0, 6, () => Scalar()),
        2 => new ArrayList(Many(0, 6, () => Value(depth - 1))),
        3 => new Queue(Many(0, 4, () => Scalar())),
        4 => new Stack(Many(0, 4, () => Scalar())),
        5 => new HashSet<string>(Many(0, 4, () => _words.Name()).Cast<string>()),
        6 => Dictionary(depth),
        7 or 8 => Custom(depth),
        9 => Status(),
        10 => Module(),
        11 => Noted(),
        _ => Scalar(),
    };

    // A simple value with a note on it, or with type names of its own.
    private PSObject Noted()
    {
        var noted = new PSObject(random.Next(3) switch { 0 => random.Next(), 1 => _words.Text(), _ => Word<DayOfWeek>() });
        noted.Properties.Add(new PSNoteProperty(_words.Name(), Scalar()));
        if (random.Next(2) == 0)
        {
            noted.TypeNames.Insert(0, $"Example.{_words.Name()}");
        }
        return noted;
    }

    // What a pipeline gives besides objects. A Guid, a Uri or a list as the whole output shows the members that this .NET has.
    private object? Plain() => random.Next(8) switch
    {
        0 => random.Next(),
        1 => random.Next(2) == 0,
        2 => Word<DayOfWeek>(),
        3 => null,
        4 => Math.Round(random.NextDouble() * 1000, 2),
        _ => _words.Text(),
    };

    private object? Scalar() => random.Next(34) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => (char)random.GetItems([0x41, 0x7F, 0x20AC, 0x26, 0x5F, 0xA], 1)[0],
        3 => (byte)random.Next(256),
        4 => (sbyte)random.Next(-128, 128),
        5 => (short)random.Next(short.MinValue, short.MaxValue + 1),
        6 => (ushort)random.Next(ushort.MaxValue + 1),
        7 => random.GetItems([0, -1, int.MinValue, int.MaxValue, random.Next(-100000, 100000)], 1)[0],
        8 => (uint)random.NextInt64(uint.MaxValue + 1L),
        9 => random.GetItems([long.MinValue, long.MaxValue, random.NextInt64()], 1)[0],
        10 => random.GetItems([ulong.MaxValue, (ulong)random.NextInt64()], 1)[0],
        11 => random.GetItems([0.1f, float.MaxValue, float.NaN, (float)(random.NextDouble() * 1e6)], 1)[0],
        12 => random.GetItems([0.1, -0.0, 1e-7, 1e20, double.NaN, double.NegativeInfinity, double.MaxValue, double.Epsilon], 1)[0],
        13 => Math.Round(random.NextDouble() * 100000, random.Next(0, 12)),
        14 => random.GetItems([decimal.MinValue, 1.10m, 0m, (decimal)random.NextDouble(), random.Next() / 1000m], 1)[0],
        15 => Date(),
        16 => TimeSpan.FromTicks(random.GetItems([0L, long.MinValue, long.MaxValue, random.NextInt64(-1L << 48, 1L << 48), random.Next() * TimeSpan.TicksPerSecond], 1)[0]),
        17 => new Guid([.. Enumerable.Range(0, 16).Select(_ => (byte)random.Next(256))]),
        18 => new Uri($"https://pool{random.Next(100)}.example.com/a%20b?c={random.Next()}#d"),
        19 => random.Next(2) == 0 ? new Version(random.Next(20), random.Next(20)) : new Version(5, 1, random.Next(20000), random.Next(2000)),
        20 => Enumerable.Range(0, random.Next(0, 24)).Select(_ => (byte)random.Next(256)).ToArray(),
        21 => Xml(),
        22 => ScriptBlock.Create($"Get-Item '{_words.Name()}' | % {{ $_ }}"),
        23 => Word<DayOfWeek>(),
        24 => Word<ExportStatus>(),
        25 => (FileAttributes)random.Next(1, 8),
        26 => (ImportStatus)random.Next(3, 99),
        27 => new DateTimeOffset(2026, random.Next(1, 13), random.Next(1, 29), random.Next(24), random.Next(60), 5, TimeSpan.FromMinutes(random.Next(-8, 8) * 30)),
        28 => new InvalidOperationException(_words.Text()),
        _ => _words.Text(),
    };

    private DateTime Date()
    {
        var date = new DateTime(random.NextInt64(DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks), (DateTimeKind)random.Next(3));
        return random.Next(3) == 0 ? date : new DateTime(2026, random.Next(1, 13), random.Next(1, 29), random.Next(24), random.Next(60), random.Next(60), date.Kind);
    }

    private XmlDocument Xml()
    {
        var xml = new XmlDocument();
        XmlElement root = xml.CreateElement("root");
        root.SetAttribute("a", _words.Name());
        root.InnerText = _words.Name();
        xml.AppendChild(root);
        return xml;
    }

    private T Word<T>() where T : struct, Enum => random.GetItems(Enum.GetValues<T>(), 1)[0];

    private List<object?> Many(int least, int most, Func<object?> make) => [.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => make())];
}
