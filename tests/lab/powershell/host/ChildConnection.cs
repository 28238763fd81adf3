// How Microsoft's client reaches a child program: the engine's public way to bring a transport of one's own.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Management.Automation.Remoting;
using System.Management.Automation.Remoting.Client;
using System.Management.Automation.Runspaces;
using System.Text;

namespace Sfb.Lab;

/// <summary>The child program with its pipes, shared by the clones that the engine makes of the connection.</summary>
internal sealed class Child(string[] program, string? log) : IDisposable
{
    private readonly TextWriter _log = log is null ? TextWriter.Null : new StreamWriter(log) { AutoFlush = true };
    private readonly ConcurrentQueue<string> _complaints = new();

    internal Process? Process { get; private set; }

    /// <summary>The last lines of its stderr.</summary>
    internal string[] Complaints => [.. _complaints];

    internal Process Start()
    {
        return Process = Process.Start(new ProcessStartInfo(program[0], program[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    internal void Record(char direction, string line)
    {
        lock (_log)
        {
            _log.WriteLine($"{direction} {line}");
        }
        if (direction == '!')
        {
            _complaints.Enqueue(line);
            while (_complaints.Count > 20)
            {
                _complaints.TryDequeue(out _);
            }
        }
    }

    public void Dispose()
    {
        lock (_log)
        {
            _log.Flush();
        }
    }
}

internal sealed class ChildConnection : RunspaceConnectionInfo, IDisposable
{
    private readonly Child _child;

    internal ChildConnection(string[] program, string? log) => _child = new Child(program, log);

    private ChildConnection(Child child) => _child = child;

    public override string ComputerName { get; set; } = "localhost";
    public override PSCredential? Credential { get; set; }
    public override AuthenticationMechanism AuthenticationMechanism { get; set; } = AuthenticationMechanism.Default;
    public override string? CertificateThumbprint { get; set; }

    internal string[] Complaints => _child.Complaints;

    public override RunspaceConnectionInfo Clone() => new ChildConnection(_child);

    public override BaseClientSessionTransportManager CreateClientSessionTransportManager(Guid instanceId, string sessionName, PSRemotingCryptoHelper cryptoHelper) =>
        new ChildTransport(_child, instanceId, cryptoHelper);

    /// <summary>Exit status of the program; null: it still lives after a while.</summary>
    internal int? WaitForExit() => _child.Process is { } process && process.WaitForExit(5000) ? process.ExitCode : null;

    internal void Kill() => _child.Process?.Kill();

    public void Dispose() => _child.Dispose();
}

internal sealed class ChildTransport(Child child, Guid instanceId, PSRemotingCryptoHelper cryptoHelper) : ClientSessionTransportManagerBase(instanceId, cryptoHelper)
{
    private volatile bool _closing;

    public override void CreateAsync()
    {
        Process process;
        try
        {
            process = child.Start();
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            Fail($"the program cannot be started: {problem.Message}");
            return;
        }
        SetMessageWriter(new Recorder(process.StandardInput, child));
        Read(process.StandardError, line => child.Record('!', line), atEnd: null);
        Read(process.StandardOutput, line =>
        {
            child.Record('<', line);
            HandleOutputDataReceived(line);
        }, atEnd: () => Fail("the program closed its output"));
        SendOneItem();
    }

    protected override void CleanupConnection()
    {
        _closing = true;
        child.Process?.StandardInput.Close();
    }

    private void Fail(string message)
    {
        if (!_closing)
        {
            RaiseErrorHandler(new TransportErrorOccuredEventArgs(new PSRemotingTransportException(message), TransportMethodEnum.CloseShellOperationEx));
        }
    }

    private static void Read(TextReader from, Action<string> handle, Action? atEnd) => new Thread(() =>
    {
        while (from.ReadLine() is { } line)
        {
            handle(line);
        }
        atEnd?.Invoke();
    })
    { IsBackground = true }.Start();

    // A program that is gone shows at the end of its output; the write that failed adds nothing.
    private sealed class Recorder(TextWriter inner, Child child) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void WriteLine(string? value)
        {
            child.Record('>', value ?? "");
            Try(() => inner.WriteLine(value));
        }

        public override void Flush() => Try(inner.Flush);

        private static void Try(Action write)
        {
            try
            {
                write();
            }
            catch (Exception problem) when (problem is IOException or ObjectDisposedException)
            {
            }
        }
    }
}
