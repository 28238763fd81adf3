// The scenario file: what the cmdlet does for which pool, and what the program does before it speaks PSRP. README.md has them all.
using System.Text.Json;

namespace Sfb.Lab;

/// <summary>A scenario file that cannot be used; the message names file, place and remedy.</summary>
internal sealed class ScenarioException(string message) : Exception(message);

/// <summary>A scenario file, checked as a whole: an unknown key or step is an error, wherever it stands.</summary>
internal sealed class Scenario
{
    /// <summary>Environment variable with the file's path; without it, the example beside the program.</summary>
    internal const string Variable = "SFB_LAB_SCENARIO";

    private readonly Dictionary<string, List<Step>> _pools = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Step> _start = [];

    /// <summary>Read anew at every call, so that a test may change the file while a session is open.</summary>
    internal static Scenario Read()
    {
        string path = Environment.GetEnvironmentVariable(Variable) ?? Path.Combine(AppContext.BaseDirectory, "scenarios", "example.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path), new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return new Scenario(document.RootElement);
        }
        catch (Exception problem) when (problem is JsonException or IOException or UnauthorizedAccessException or ScenarioException)
        {
            throw new ScenarioException($"scenario {path}: {problem.Message}");
        }
    }

    /// <summary>The steps for a pool in any case, else those of "*"; null: no such pool.</summary>
    internal IReadOnlyList<Step>? For(string pool) => _pools.GetValueOrDefault(pool) ?? _pools.GetValueOrDefault("*");

    /// <summary>Does the steps of "start", in the process that was just started.</summary>
    internal void Start()
    {
        foreach (Step step in _start)
        {
            step.PerformOnProcess();
        }
    }

    private Scenario(JsonElement root)
    {
        foreach (JsonProperty member in Members(root, "the file"))
        {
            switch (member.Name)
            {
                case "start": _start = Steps(member.Value, "start", Step.ProcessSteps); break;
                case "pools":
                    foreach (JsonProperty pool in Members(member.Value, "pools"))
                    {
                        _pools[pool.Name] = Steps(pool.Value, $"pools, {pool.Name}", Step.CmdletSteps);
                    }
                    break;
                default: throw new ScenarioException($"unknown key '{member.Name}': use pools or start");
            }
        }
    }

    private static List<Step> Steps(JsonElement list, string place, IReadOnlyDictionary<string, string[]> known)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new ScenarioException($"{place}: write a list of steps");
        }
        return [.. list.EnumerateArray().Select((step, i) => new Step(Members(step, $"{place}, step {i + 1}"), $"{place}, step {i + 1}", known))];
    }

    private static IEnumerable<JsonProperty> Members(JsonElement element, string place) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : throw new ScenarioException($"{place}: write an object, {{\"key\": ...}}");
}
