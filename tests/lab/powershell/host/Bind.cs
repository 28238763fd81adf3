// `sfb_lab bind`: typed lines bound by the real engine, as a table.
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Microsoft.Rtc.Management.Hadr.BackupService;

namespace Sfb.Lab;

internal static class Bind
{
    /// <summary>Prints a line of tab-separated cells for each generated line; line breaks inside a cell are \n.</summary>
    internal static int Run(string[] args)
    {
        if (args is not ["--seed", var seed, "--count", var count] || !int.TryParse(seed, out int start) || !int.TryParse(count, out int lines))
        {
            throw new UsageException("bind: write --seed NUMBER --count NUMBER");
        }
        using var engine = new Engine(new SessionStateCmdletEntry("Get-CsBackupServiceStatus", typeof(BindProbeCommand), helpFileName: null));
        var typed = new TypedLines(new Random(start));
        Row("line", "binds", "message", "fully_qualified_error_id", "category", "position");
        for (int i = 0; i < lines; i++)
        {
            string line = typed.Next();
            BindProbeCommand.Bound = null;
            try
            {
                engine.Run(shell => shell.AddScript(line));
                Row(line, BindProbeCommand.Bound ?? "", "", "", "", "");
            }
            catch (RuntimeException problem)
            {
                ErrorRecord error = problem.ErrorRecord;
                Row(line, "", error.ErrorDetails?.Message ?? error.Exception.Message, error.FullyQualifiedErrorId, $"{error.CategoryInfo}", error.InvocationInfo?.PositionMessage ?? "");
            }
        }
        return 0;
    }

    private static void Row(params string[] cells) =>
        Console.Out.Write(string.Join('\t', cells.Select(cell => cell.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))) + "\n");
}

/// <summary>The product's parameters, PoolFqdn as text: what its real type makes of a value is not known. It only tells what it got.</summary>
[Cmdlet(VerbsCommon.Get, "CsBackupServiceStatus")]
public sealed class BindProbeCommand : PSCmdlet
{
    internal static string? Bound { get; set; }

    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string PoolFqdn { get; set; } = "";

    [Parameter]
    public BackupCategory Category { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public bool BypassDualWrite { get; set; }

    protected override void ProcessRecord() =>
        Bound = string.Join("; ", MyInvocation.BoundParameters.OrderBy(bound => bound.Key, StringComparer.Ordinal).Select(bound => $"{bound.Key}={bound.Value}"));
}

/// <summary>Lines as somebody might type them, right and wrong.</summary>
internal sealed class TypedLines(Random random)
{
    private static readonly string[] s_own = ["PoolFqdn", "Category", "Force", "BypassDualWrite"];
    private static readonly string[] s_common = ["Verbose", "Debug", "ErrorAction", "WarningAction", "InformationAction", "ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable", "vb", "db", "ea", "wa", "infa", "ev", "wv", "iv", "ov", "ob", "pv"];
    private static readonly string[] s_nobody = ["Pool", "Identity", "BackupModule", "X", "Forced", "Fqdn", "_a", "PoolFqdn2"];
    private static readonly string[] s_pools = ["atl-cs-001.example.com", "x", "'a b'", "\"atl.example.com\"", "12", "'12'", "pool_1", "''", "' '", "$null", "$true", "a,b", "'it''s'", "-5", "1.5", "\u6f22\u5b57", "x:y", "./x"];
    private static readonly string[] s_categories = ["UserData", "CMS", "RGS", "cms", "User", "u", "''", "' CMS '", "Foo", "0", "1", "2", "3", "-1", "'1'", "1.5", "UserData,CMS", "'UserData,RGS'", "CMS,Foo", "$null", "$true", "$false", "'CMS,'"];
    // Names of variables that are none are refused by the engine; the product refuses these parameters as a whole.
    private static readonly string[] s_variables = ["x", "'y'", "out_1", "\u6f22\u5b57", "\"z\""];
    private static readonly string[] s_flags = ["$true", "$false", "1", "0", "2", "-1", "0.0", "1.5", "true", "false", "''", "'$true'", "$null", "$TRUE", "a,b", "'x'"];
    private static readonly string[] s_actions = ["Stop", "Continue", "SilentlyContinue", "Ignore", "stop", "Sil", "S", "Foo", "1", "2", "99", "''", "$null", "Stop,Continue"];
    private static readonly string[] s_numbers = ["0", "1", "10", "'7'", "x", "''", "$null", "$true", "1.5", "1,2"];

    internal string Next()
    {
        List<string> words = [Name()];
        bool pool = random.Next(6) != 0;
        int at = random.Next(3);
        for (int i = 0; i < 4; i++)
        {
            if (pool && i == at)
            {
                words.Add(Argument("PoolFqdn"));
            }
            else if (random.Next(2) == 0)
            {
                words.Add(random.Next(12) switch
                {
                    0 => One(s_pools),
                    1 => random.Next(2) == 0 ? "--" : One(s_flags),
                    2 => Argument(One(s_nobody)),
                    3 or 4 => Argument(One(s_common)),
                    _ => Argument(One(s_own)),
                });
            }
        }
        return string.Join(random.Next(20) == 0 ? "  " : " ", words);
    }

    private string Name() => random.Next(40) == 0 ? "Get-CsBackupServiceStat" : Cased("Get-CsBackupServiceStatus");

    // A parameter with a value that fits it more often than not, or without one.
    private string Argument(string name)
    {
        string written = random.Next(4) == 0 && name.Length > 2 ? name[..random.Next(1, name.Length)] : name;
        string dash = random.Next(15) == 0 ? One(["\u2013", "\u2014", "\u2015"]) : "-";
        bool variable = name.EndsWith("Variable", StringComparison.Ordinal) || name is "ev" or "wv" or "iv" or "ov" or "pv";
        string[] values = variable ? s_variables : random.Next(12) == 0 ? s_flags : name switch
        {
            "PoolFqdn" => random.Next(3) == 0 ? s_pools : s_pools[..4],
            "Category" => s_categories,
            "BypassDualWrite" or "Force" or "Verbose" or "Debug" or "vb" or "db" => s_flags,
            "OutBuffer" or "ob" => s_numbers,
            _ when name.EndsWith("Action", StringComparison.Ordinal) || name is "ea" or "wa" or "infa" => s_actions,
            _ => s_pools,
        };
        bool flag = name is "Force" or "Verbose" or "Debug" or "vb" or "db";
        return dash + Cased(written) + random.Next(flag ? 6 : 16) switch
        {
            0 or 1 or 2 when flag => "",
            0 => "",
            1 or 3 => ":" + One(values),
            2 => ": " + One(values),
            _ => " " + One(values),
        };
    }

    private string Cased(string text) => random.Next(8) switch { 0 => text.ToUpperInvariant(), 1 => text.ToLowerInvariant(), _ => text };

    private string One(string[] choices) => choices[random.Next(choices.Length)];
}
