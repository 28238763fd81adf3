// What the client prints: one JSON object a line, from any thread.
using System.Collections;
using System.Management.Automation;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sfb.Lab;

internal static class JsonLines
{
    private static readonly JsonSerializerOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Lock s_lock = new();

    internal static void Write(object line)
    {
        string text = JsonSerializer.Serialize(line, s_options);
        lock (s_lock)
        {
            Console.Out.WriteLine(text);
            Console.Out.Flush();
        }
    }

    internal static object Error(ErrorRecord error, int run) => new
    {
        run,
        stream = "error",
        text = error.ToString(),
        id = error.FullyQualifiedErrorId,
        category = $"{error.CategoryInfo.Category}",
        target = error.TargetObject?.ToString(),
        exception = error.Exception is RemoteException remote ? remote.SerializedRemoteException?.TypeNames.FirstOrDefault() : error.Exception.GetType().FullName,
        recommended = error.ErrorDetails?.RecommendedAction,
    };

    /// <summary>Properties by name: simple values as JSON, lists as lists of texts, the rest as text.</summary>
    internal static Dictionary<string, object?>? Properties(PSObject? item) =>
        item?.BaseObject is null or string || Simple(item.BaseObject) ? null : item.Properties.DistinctBy(p => p.Name).ToDictionary(p => p.Name, p => Plain(p.Value));

    private static object? Plain(object? value) => value switch
    {
        null => null,
        PSObject { BaseObject: not PSCustomObject } wrapped => Plain(wrapped.BaseObject),
        _ when Simple(value) => value,
        IEnumerable list and not string => list.Cast<object?>().Select(item => item?.ToString()).ToList(),
        _ => value.ToString(),
    };

    private static bool Simple(object value) => value is string or bool or byte or sbyte or short or ushort or int or uint or long or ulong or decimal;
}
