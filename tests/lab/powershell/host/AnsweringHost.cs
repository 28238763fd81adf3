// A host that answers every question at once: the client's side of host calls.
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Net;
using System.Security;

namespace Sfb.Lab;

internal sealed class AnsweringHost : PSHost
{
    public override CultureInfo CurrentCulture => Culture.UnitedStates;
    public override CultureInfo CurrentUICulture => Culture.UnitedStates;
    public override Guid InstanceId { get; } = Guid.NewGuid();
    public override string Name => "sfb_lab";
    public override PSHostUserInterface UI { get; } = new AnsweringInterface();
    public override Version Version => new(1, 0);
    public override void EnterNestedPrompt() { }
    public override void ExitNestedPrompt() { }
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }
    public override void SetShouldExit(int exitCode) => JsonLines.Write(new { stream = "host", call = "exit", text = exitCode });
}

internal sealed class AnsweringInterface : PSHostUserInterface
{
    private static readonly SecureString s_secret = new NetworkCredential("", "secret").SecurePassword;

    public override PSHostRawUserInterface? RawUI => null;
    public override string ReadLine() => Answer("readline", "", "typed");
    public override SecureString ReadLineAsSecureString() => Answer("readline", "", s_secret);
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        Answer("prompt", message, descriptions.ToDictionary(field => field.Name, _ => new PSObject("answer")));
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => Answer("choice", message, choices.Count - 1);
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => Answer("credential", message, new PSCredential("user", s_secret));
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        PromptForCredential(caption, message, userName, targetName);
    public override void Write(string value) => Tell("write", value);
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Tell("write", value);
    public override void WriteLine(string value) => Tell("writeline", value);
    public override void WriteErrorLine(string value) => Tell("error", value);
    public override void WriteDebugLine(string message) => Tell("debug", message);
    public override void WriteProgress(long sourceId, ProgressRecord record) => Tell("progress", record.Activity);
    public override void WriteVerboseLine(string message) => Tell("verbose", message);
    public override void WriteWarningLine(string message) => Tell("warning", message);

    private static void Tell(string call, string text) => JsonLines.Write(new { stream = "host", call, text });

    private static T Answer<T>(string call, string question, T answer)
    {
        Tell(call, question);
        return answer;
    }
}
