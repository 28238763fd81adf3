// Error records as PSRP carries them. The engine keeps both directions to itself, so they are called by name.
using System.Management.Automation;
using System.Reflection;

namespace Sfb.Lab;

internal static class ErrorRecords
{
    private static readonly MethodInfo s_freeze = Find("ToPSObjectForRemoting", 2), s_thaw = Find("FromPSObjectForRemoting", 1);

    /// <summary>The object that is serialised in an ERROR_RECORD message.</summary>
    internal static IEnumerable<object?> Freeze(IEnumerable<ErrorRecord> records) => records.Select(record =>
    {
        var frozen = new PSObject();
        frozen.TypeNames.Clear();
        frozen.TypeNames.Add("System.Management.Automation.ErrorRecord");
        frozen.TypeNames.Add("System.Object");
        s_freeze.Invoke(record, [frozen, false]);
        return (object?)frozen;
    });

    /// <summary>Objects as a client has them: error records are live again.</summary>
    internal static IEnumerable<object?> Thaw(IEnumerable<object?> objects) => objects.Select(item =>
        item is PSObject o && o.Properties["ErrorCategory_Category"] is not null ? s_thaw.Invoke(obj: null, [o]) : item);

    private static MethodInfo Find(string name, int parameters) =>
        typeof(ErrorRecord).GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Single(method => method.Name == name && method.GetParameters().Length == parameters);
}
