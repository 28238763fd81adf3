// Random names and texts with everything in them that a serialiser or a formatter has rules for.
using System.Text;

namespace Sfb.Lab;

internal sealed class Words(Random random)
{
    private static readonly string[] s_plain = ["backup", "Service", "the", "pool", "of", "UserServices", "state", "a", "replication", "1234", "front-end", "x"];

    private static readonly string[] s_odd =
    [
        "<tag a=\"b\">", "&amp;", "]]>", "'", "_x000A_", "_x0041_", "_X000a_", "_x", "\u0001", "\u001b[31m", "\t", "\r\n", "\n", "\r", "\u007f", "\u0085", "\u00a0", "\u00ad", "\u2028",
        "\u2011", "e\u0301", "\u6f22\u5b57", "\ud55c\uad6d\uc5b4", "\uff76\uff85", "\U0001f4be", "\U0001f469\u200d\U0001f4bb", "\u05d0\u05d1", "\u20ac", "\u00df", "  ", "\u200b", "\ufeff", "\u3000",
    ];

    /// <summary>A property's or type's name; sometimes not a simple one.</summary>
    internal string Name()
    {
        string name = random.GetItems(["Identity", "State", "Pool", "Count", "LastChecked", "Message", "A", "OverallExportStatus", "Name", "N", "ImportStatus"], 1)[0];
        return random.Next(8) switch
        {
            0 => name + random.Next(1000),
            1 => name + random.Next(100) + random.GetItems([" of x", "_x0041_", "\u6f22\u5b57", "-b", "<", "\"", "\u00e9"], 1)[0],
            _ => name + (char)random.Next('A', 'Z' + 1),
        };
    }

    internal string Text()
    {
        var text = new StringBuilder();
        int odd = random.Next(4) == 0 ? 3 : 30;
        int parts = random.Next(6) switch { 0 => random.Next(0, 2), 1 => random.Next(10, 40), _ => random.Next(1, 8) };
        for (int i = 0; i < parts; i++)
        {
            text.Append(random.Next(odd) == 0 ? random.GetItems(s_odd, 1)[0] : random.GetItems(s_plain, 1)[0]);
            text.Append(random.Next(6) == 0 ? "" : " ");
        }
        if (random.Next(25) == 0)
        {
            text.Append(new string('y', random.Next(30, 260)));
        }
        return random.Next(3) == 0 ? text.ToString() : text.ToString().Trim(' ');
    }
}
