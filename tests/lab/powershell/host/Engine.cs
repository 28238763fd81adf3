// One runspace of Microsoft's engine behind a console of any width whose text is kept.
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Sfb.Lab;

internal sealed class Engine : IDisposable
{
    /// <summary>The format cmdlets at a pipeline's end; empty: Out-Default decides.</summary>
    internal static readonly IReadOnlyList<string> Views = ["", "list", "table", "autosize", "wrap"];

    /// <summary>$ErrorView; empty: NormalView.</summary>
    internal static readonly IReadOnlyList<string> ErrorViews = ["", "ConciseView", "CategoryView"];

    private readonly CapturingHost _host = new();
    private readonly Runspace _runspace;

    internal Engine(params SessionStateCommandEntry[] commands)
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.Commands.Add(commands);
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        _runspace.Open();
        Run(shell => shell.AddScript("$PSStyle.OutputRendering = 'PlainText'"));
    }

    /// <summary>What the console prints for objects that a pipeline gives. The view is one of Views or ErrorViews.</summary>
    internal string Show(IEnumerable<object?> objects, int width, string view = "")
    {
        _host.Begin(width);
        _runspace.SessionStateProxy.SetVariable("ErrorView", view.EndsWith("View", StringComparison.Ordinal) ? view : "NormalView");
        Run(shell =>
        {
            switch (view)
            {
                case "" or "ConciseView" or "CategoryView": break;
                case "list": shell.AddCommand("Format-List"); break;
                case "table": shell.AddCommand("Format-Table"); break;
                case "autosize": shell.AddCommand("Format-Table").AddParameter("AutoSize"); break;
                case "wrap": shell.AddCommand("Format-Table").AddParameter("Wrap"); break;
                default: throw new UsageException($"unknown view '{view}': use list, table, autosize, wrap, ConciseView or CategoryView");
            }
            shell.AddCommand("Out-Default");
        }, objects);
        return _host.Text;
    }

    /// <summary>Objects as Export-Clixml writes them.</summary>
    internal void Export(IEnumerable<object?> objects, string path, int depth) =>
        Run(shell => shell.AddCommand("Export-Clixml").AddParameter("LiteralPath", path).AddParameter("Depth", depth), objects);

    /// <summary>Objects as Import-Clixml reads them.</summary>
    internal List<object?> Import(string path) => [.. Run(shell => shell.AddCommand("Import-Clixml").AddParameter("LiteralPath", path))];

    /// <summary>One pipeline; its first error is thrown.</summary>
    internal List<PSObject?> Run(Action<PowerShell> build, IEnumerable<object?>? input = null)
    {
        using var shell = PowerShell.Create(_runspace);
        build(shell);
        List<PSObject?> output = [.. shell.Invoke(input)];
        return shell.Streams.Error.Count == 0 ? output : throw new RuntimeException(shell.Streams.Error[0].ToString(), shell.Streams.Error[0].Exception, shell.Streams.Error[0]);
    }

    public void Dispose() => _runspace.Dispose();
}
