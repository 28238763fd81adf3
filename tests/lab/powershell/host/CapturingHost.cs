// The console of `Engine`: as wide as it is told, and all text is kept.
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;

namespace Sfb.Lab;

internal sealed class CapturingHost : PSHost
{
    private readonly CapturingInterface _interface = new();

    public override CultureInfo CurrentCulture => Culture.UnitedStates;
    public override CultureInfo CurrentUICulture => Culture.UnitedStates;
    public override Guid InstanceId { get; } = Guid.NewGuid();
    // The formatter measures wide characters itself for a host of this name, as it does at the real console.
    public override string Name => "ConsoleHost";
    public override PSHostUserInterface UI => _interface;
    public override Version Version => new(1, 0);

    internal string Text => _interface.Text.ToString();

    internal void Begin(int width)
    {
        _interface.Screen.Width = width;
        _interface.Text.Clear();
    }

    public override void EnterNestedPrompt() { }
    public override void ExitNestedPrompt() { }
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }
    public override void SetShouldExit(int exitCode) { }
}

internal sealed class CapturingInterface : PSHostUserInterface
{
    internal Screen Screen { get; } = new();
    internal StringBuilder Text { get; } = new();

    public override PSHostRawUserInterface RawUI => Screen;
    public override void Write(string value) => Text.Append(GetOutputString(value, SupportsVirtualTerminal));
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);
    public override void WriteLine(string value) => Write(value + "\n");
    public override void WriteErrorLine(string value) => WriteLine(value);
    public override void WriteDebugLine(string message) => WriteLine("DEBUG: " + message);
    public override void WriteVerboseLine(string message) => WriteLine("VERBOSE: " + message);
    public override void WriteWarningLine(string message) => WriteLine("WARNING: " + message);
    public override void WriteProgress(long sourceId, ProgressRecord record) { }
    public override string ReadLine() => throw NobodyThere();
    public override SecureString ReadLineAsSecureString() => throw NobodyThere();
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) => throw NobodyThere();
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => throw NobodyThere();
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw NobodyThere();
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw NobodyThere();

    private static HostException NobodyThere() => new("nobody is there to answer");
}

internal sealed class Screen : PSHostRawUserInterface
{
    internal int Width { get; set; } = 120;

    public override Size BufferSize { get => new(Width, 3000); set { } }
    public override Size WindowSize { get => new(Width, 50); set { } }
    public override Size MaxPhysicalWindowSize => WindowSize;
    public override Size MaxWindowSize => WindowSize;
    public override ConsoleColor BackgroundColor { get; set; }
    public override ConsoleColor ForegroundColor { get; set; }
    public override Coordinates CursorPosition { get; set; }
    public override int CursorSize { get; set; }
    public override bool KeyAvailable => false;
    public override Coordinates WindowPosition { get; set; }
    public override string WindowTitle { get; set; } = "";
    public override void FlushInputBuffer() { }
    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => new BufferCell[0, 0];
    public override KeyInfo ReadKey(ReadKeyOptions options) => default;
    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) { }
    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) { }
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) { }
}
