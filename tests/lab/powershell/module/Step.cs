// One step of a scenario: its name, its arguments, and the steps that need no cmdlet.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Sfb.Lab;

internal sealed class Step
{
    private static readonly string[] s_modules = ["modules", "export", "import"];
    private static readonly string[] s_error = ["text", "id", "category", "target", "recommend"];

    /// <summary>Steps of "start": they act on the process alone. Name to the arguments it takes.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> ProcessSteps = new Dictionary<string, string[]>
    {
        ["hang"] = ["seconds"], ["exit"] = ["status"], ["die"] = [], ["stdout"] = ["text"], ["stderr"] = ["text"],
    };

    /// <summary>Steps of a pool.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> CmdletSteps = new Dictionary<string, string[]>(ProcessSteps)
    {
        ["status"] = [.. s_modules, "active", "count"], ["modules"] = s_modules, ["text"] = ["text", "count"], ["null"] = [], ["huge"] = ["bytes"],
        ["error"] = s_error, ["throw"] = s_error, ["crash"] = ["text"],
        ["warning"] = ["text"], ["verbose"] = ["text"], ["debug"] = ["text"], ["information"] = ["text"], ["writehost"] = ["text"], ["progress"] = ["text", "percent"],
        ["host"] = ["text"], ["readline"] = [], ["confirm"] = ["text"], ["choice"] = ["text"], ["prompt"] = ["text"],
        ["sleep"] = ["seconds"],
    };

    private readonly string _place;
    private readonly Dictionary<string, JsonElement> _arguments = [];

    internal Step(IEnumerable<JsonProperty> members, string place, IReadOnlyDictionary<string, string[]> known)
    {
        foreach (JsonProperty member in members)
        {
            _arguments[member.Name] = member.Value.Clone();  // the document goes, the step stays
        }
        _place = place;
        Do = Text("do");
        _arguments.Remove("do");
        if (!known.TryGetValue(Do, out string[]? allowed))
        {
            throw new ScenarioException($"{place}: unknown step '{Do}': use one of {string.Join(", ", known.Keys.Order())}");
        }
        if (_arguments.Keys.Except(allowed).FirstOrDefault() is { } unknown)
        {
            throw new ScenarioException($"{place} ({Do}): unknown key '{unknown}': it takes {(allowed.Length == 0 ? "none" : string.Join(", ", allowed))}");
        }
        _place = $"{place} ({Do})";
    }

    internal string Do { get; }

    internal string Text(string name, string? standard = null) => Optional(name) ?? standard ?? throw new ScenarioException($"{_place}: '{name}' is missing");

    internal string? Optional(string name) => Read(name, JsonValueKind.String, "a text", e => e.GetString());

    internal double Number(string name, double standard) => Read(name, JsonValueKind.Number, "a number", e => (double?)e.GetDouble()) ?? standard;

    internal IReadOnlyList<string>? List(string name) => Read(name, JsonValueKind.Array, "a list of texts", e => e.EnumerateArray().Select(item => item.ToString()).ToList());

    internal TimeSpan Seconds => TimeSpan.FromSeconds(Number("seconds", 3600));

    /// <summary>The value of an enum's name.</summary>
    internal TEnum Word<TEnum>(string text) where TEnum : struct, Enum =>
        Enum.TryParse(text, out TEnum value) && Enum.IsDefined(value) ? value
        : throw new ScenarioException($"{_place}: unknown word '{text}': use one of {string.Join(", ", Enum.GetNames<TEnum>())}");

    /// <summary>Does a step of ProcessSteps; false: it is none.</summary>
    internal bool PerformOnProcess()
    {
        switch (Do)
        {
            case "hang": Thread.Sleep(Seconds); return true;  // hears no stop signal
            case "exit": Environment.Exit((int)Number("status", 0)); return true;
            case "die": Process.GetCurrentProcess().Kill(); return true;
            case "stdout": WriteRaw(Console.OpenStandardOutput()); return true;
            case "stderr": WriteRaw(Console.OpenStandardError()); return true;
            default: return false;
        }
    }

    // Past all of the engine's writers, which the PSRP server replaces.
    private void WriteRaw(Stream stream)
    {
        stream.Write(System.Text.Encoding.UTF8.GetBytes(Text("text") + "\n"));
        stream.Flush();
    }

    private T? Read<T>(string name, JsonValueKind kind, string wanted, Func<JsonElement, T?> read)
    {
        if (!_arguments.TryGetValue(name, out JsonElement value))
        {
            return default;
        }
        return value.ValueKind == kind ? read(value) : throw new ScenarioException(string.Create(CultureInfo.InvariantCulture, $"{_place}: '{name}' is {value.GetRawText()}, write {wanted}"));
    }
}
