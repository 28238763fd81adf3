// `sfb_lab client`: Microsoft's own PSRP client against a child program; what comes back is printed as one JSON object a line.
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace Sfb.Lab;

internal sealed class Client
{
    internal const int Completed = 0, RunFailed = 1, SessionFailed = 3, TimedOut = 4;

    private readonly ClientOptions _options;
    private volatile string _doing = "open";

    private Client(ClientOptions options) => _options = options;

    internal static int Run(string[] args)
    {
        var client = new Client(ClientOptions.Parse(args));
        using var connection = new ChildConnection(client._options.Program, client._options.Log);
        // A server that says nothing must not hold the tests; the engine's own timeouts do not know own transports.
        using var watchdog = new Timer(_ =>
        {
            JsonLines.Write(new { stream = "session", state = "TimedOut", doing = client._doing, stderr = connection.Complaints });
            connection.Kill();
            Environment.Exit(TimedOut);
        }, state: null, client._options.Timeout, Timeout.InfiniteTimeSpan);
        return client.Session(connection);
    }

    private int Session(ChildConnection connection)
    {
        PSHost? host = _options.Host ? new AnsweringHost() : null;
        using Runspace runspace = host is null ? RunspaceFactory.CreateRunspace(connection) : RunspaceFactory.CreateRunspace(host, connection);
        try
        {
            runspace.Open();
        }
        catch (Exception problem) when (problem is RuntimeException or InvalidOperationException)
        {
            JsonLines.Write(new { stream = "session", state = "Broken", reason = problem.Message, stderr = connection.Complaints });
            return SessionFailed;
        }
        JsonLines.Write(new { stream = "session", state = "Opened" });
        bool good = true;
        for (int i = 0; i < _options.Runs.Count; i++)
        {
            _doing = $"run {i + 1}";
            good &= Invoke(runspace, _options.Runs[i], i + 1);
        }
        RunspaceState state = runspace.RunspaceStateInfo.State;
        if (state != RunspaceState.Opened)
        {
            JsonLines.Write(new { stream = "session", state = $"{state}", reason = runspace.RunspaceStateInfo.Reason?.Message, stderr = connection.Complaints });
            return SessionFailed;
        }
        _doing = "close";
        runspace.Close();
        JsonLines.Write(new { stream = "session", state = "Closed", exit = connection.WaitForExit(), stderr = connection.Complaints });
        return good ? Completed : RunFailed;
    }

    private static bool Invoke(Runspace runspace, ClientRun run, int number)
    {
        using var shell = PowerShell.Create(runspace);
        run.Build(shell);
        using var output = new PSDataCollection<PSObject>();
        Print(output, item => new { run = number, stream = "output", type = item?.TypeNames.FirstOrDefault(), text = item?.ToString(), properties = JsonLines.Properties(item) });
        Print(shell.Streams.Error, e => JsonLines.Error(e, number));
        Print(shell.Streams.Warning, r => new { run = number, stream = "warning", text = r.Message });
        Print(shell.Streams.Verbose, r => new { run = number, stream = "verbose", text = r.Message });
        Print(shell.Streams.Debug, r => new { run = number, stream = "debug", text = r.Message });
        Print(shell.Streams.Information, r => new { run = number, stream = "information", text = $"{r.MessageData}", tags = r.Tags });
        Print(shell.Streams.Progress, r => new { run = number, stream = "progress", activity = r.Activity, status = r.StatusDescription, percent = r.PercentComplete });
        Exception? reason = null;
        try
        {
            using var input = new PSDataCollection<object?>(run.Input);
            input.Complete();
            IAsyncResult running = shell.BeginInvoke<object?, PSObject>(input, output);
            if (run.StopAfter is { } patience && !running.AsyncWaitHandle.WaitOne(patience))
            {
                shell.Stop();
            }
            shell.EndInvoke(running);
        }
        catch (Exception problem) when (problem is RuntimeException or InvalidOperationException)
        {
            reason = problem;
        }
        PSInvocationState state = shell.InvocationStateInfo.State;
        JsonLines.Write(new { run = number, stream = "end", state = $"{state}", reason = reason?.Message, error = reason is RuntimeException { ErrorRecord: { } record } ? JsonLines.Error(record, number) : null });
        return state == PSInvocationState.Completed || (state == PSInvocationState.Stopped && run.StopAfter is not null);
    }

    private static void Print<T>(PSDataCollection<T> records, Func<T, object> line) => records.DataAdded += (_, added) => JsonLines.Write(line(records[added.Index]));
}
