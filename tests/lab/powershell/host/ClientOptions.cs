// The command line of `sfb_lab client`. README.md has them all.
using System.Globalization;
using System.Management.Automation;
using System.Text.Json;

namespace Sfb.Lab;

/// <summary>One pipeline: commands or a script, its input, and when it is stopped.</summary>
internal sealed class ClientRun
{
    private readonly List<Action<PowerShell>> _parts = [];

    internal List<object?> Input { get; } = [];
    internal TimeSpan? StopAfter { get; set; }

    internal void Add(Action<PowerShell> part) => _parts.Add(part);

    internal void Build(PowerShell shell) => _parts.ForEach(part => part(shell));
}

internal sealed class ClientOptions
{
    internal List<ClientRun> Runs { get; } = [];
    internal bool Host { get; private set; }
    internal string? Log { get; private set; }
    internal TimeSpan Timeout { get; private set; } = TimeSpan.FromSeconds(60);
    internal string[] Program { get; private set; } = [];

    internal static ClientOptions Parse(string[] args)
    {
        var options = new ClientOptions();
        int end = Array.IndexOf(args, "--");
        if (end < 0 || end + 1 == args.Length)
        {
            throw new UsageException("client: write -- and the program to talk to at the end");
        }
        options.Program = args[(end + 1)..];
        var rest = new Queue<string>(args[..end]);
        while (rest.TryDequeue(out string? name))
        {
            options.Take(name, () => rest.TryDequeue(out string? value) ? value : throw new UsageException($"client: {name} needs a value"));
        }
        return options;
    }

    private void Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--host": Host = true; return;
            case "--log": Log = value(); return;
            case "--timeout": Timeout = Seconds(value()); return;
            case "--command": Begin(value(), (shell, text) => shell.AddCommand(text)); return;
            case "--script": Begin(value(), (shell, text) => shell.AddScript(text)); return;
        }
        if (Runs.Count == 0)
        {
            throw new UsageException($"client: {name} stands before the first --command or --script, or is unknown");
        }
        ClientRun run = Runs[^1];
        switch (name)
        {
            case "--pipe": string next = value(); run.Add(shell => shell.AddCommand(next)); break;
            case "--parameter": (string key, object? bound) = Pair(value()); run.Add(shell => shell.AddParameter(key, bound)); break;
            case "--switch": string flag = value(); run.Add(shell => shell.AddParameter(flag)); break;
            case "--argument": object? positional = Value(value()); run.Add(shell => shell.AddArgument(positional)); break;
            case "--input": run.Input.Add(Value(value())); break;
            case "--stop-after": run.StopAfter = Seconds(value()); break;
            default: throw new UsageException($"client: unknown option {name}");
        }
    }

    private void Begin(string text, Func<PowerShell, string, PowerShell> add)
    {
        var run = new ClientRun();
        run.Add(shell => add(shell, text));
        Runs.Add(run);
    }

    private static TimeSpan Seconds(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) ? TimeSpan.FromSeconds(seconds) : throw new UsageException($"client: '{text}' is no number of seconds");

    private static (string Name, object? Value) Pair(string text)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 ? (text[..at], Value(text[(at + 1)..])) : throw new UsageException($"client: '{text}': write NAME=VALUE");
    }

    // JSON where it is JSON (12, true, null, "12", ["a", "b"]), else the text as it stands.
    private static object? Value(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Plain(document.RootElement);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static object? Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True or JsonValueKind.False => element.GetBoolean(),
        JsonValueKind.Number => element.TryGetInt32(out int whole) ? whole : element.GetDouble(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Array => element.EnumerateArray().Select(Plain).ToArray(),
        _ => throw new UsageException($"client: {element.GetRawText()}: an object cannot be given as a value"),
    };
}
