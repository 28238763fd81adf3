// A compiled cmdlet with the product's parameters. The scenario file decides what it does.
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using Microsoft.Rtc.Management.Deploy;
using Microsoft.Rtc.Management.Hadr.BackupService;

namespace Sfb.Lab;

[Cmdlet(VerbsCommon.Get, "CsBackupServiceStatus")]
[OutputType(typeof(BackupServiceStatus))]
public sealed class GetCsBackupServiceStatusCommand : PSCmdlet
{
    private static readonly string[] s_usualModules = ["UserServices.PresenceFocus", "ConfServices.DataConf", "CentralMgmt.CMSMaster"];

    private readonly ManualResetEventSlim _stop = new();

    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public Fqdn? PoolFqdn { get; set; }

    [Parameter]
    public BackupCategory Category { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public bool BypassDualWrite { get; set; }

    private string Pool => PoolFqdn!.ToString();

    protected override void StopProcessing() => _stop.Set();

    protected override void ProcessRecord()
    {
        try
        {
            IReadOnlyList<Step>? steps = Scenario.Read().For(Pool);
            if (steps is null)
            {
                WriteError(new ErrorRecord(new ItemNotFoundException($"Cannot find pool \"{Pool}\" in the topology."), "PoolNotFound", ErrorCategory.ObjectNotFound, Pool));
                return;
            }
            foreach (Step step in steps)
            {
                if (_stop.IsSet)
                {
                    return;
                }
                Perform(step);
            }
        }
        catch (ScenarioException problem)
        {
            ThrowTerminatingError(new ErrorRecord(problem, "ScenarioInvalid", ErrorCategory.InvalidData, targetObject: null));
        }
    }

    private void Perform(Step step)
    {
        switch (step.Do)
        {
            case "status": Repeat(step, () => WriteObject(Status(step))); break;
            case "modules": WriteObject(Modules(step), enumerateCollection: true); break;
            case "text": Repeat(step, () => WriteObject(step.Text("text"))); break;
            case "null": WriteObject(sendToPipeline: null); break;
            case "huge": WriteObject(new string('x', (int)step.Number("bytes", 1 << 20))); break;
            case "error": if (!Force) { WriteError(Record(step)); } break;
            case "throw": ThrowTerminatingError(Record(step)); break;
            case "crash": throw new InvalidOperationException(step.Text("text", "The backup service client crashed."));
            case "warning": WriteWarning(step.Text("text")); break;
            case "verbose": WriteVerbose(step.Text("text")); break;
            case "debug": WriteDebug(step.Text("text")); break;
            case "information": WriteInformation(step.Text("text"), ["scenario"]); break;
            case "writehost": WriteInformation(new HostInformationMessage { Message = step.Text("text"), NoNewLine = false }, ["PSHOST"]); break;
            case "progress": WriteProgress(new ProgressRecord(1, step.Text("text"), "working") { PercentComplete = (int)step.Number("percent", -1) }); break;
            case "sleep": _stop.Wait(step.Seconds); break;
            case "host": Host.UI.WriteLine(step.Text("text")); break;
            case "readline": WriteObject("answer: " + Host.UI.ReadLine()); break;
            case "confirm": WriteObject("confirmed: " + ShouldContinue(step.Text("text"), "Confirm")); break;
            case "choice": WriteObject("choice: " + Host.UI.PromptForChoice("Choose", step.Text("text"), [new ChoiceDescription("&Yes"), new ChoiceDescription("&No")], 0)); break;
            case "prompt":
                var answers = Host.UI.Prompt("Prompt", step.Text("text"), new Collection<FieldDescription> { new("Name") });
                WriteObject("prompt: " + string.Join(",", answers.Select(answer => answer.Key + "=" + answer.Value)));
                break;
            default: step.PerformOnProcess(); break;
        }
    }

    private void Repeat(Step step, Action write)
    {
        for (double left = step.Number("count", 1); left > 0 && !_stop.IsSet; left--)
        {
            write();
        }
    }

    private ErrorRecord Record(Step step)
    {
        string text = step.Text("text", "The backup store cannot be read.");
        var record = new ErrorRecord(new InvalidOperationException(text), step.Text("id", "BackupServiceError"), step.Word<ErrorCategory>(step.Text("category", "NotSpecified")), step.Text("target", Pool));
        if (step.Optional("recommend") is { } action)
        {
            record.ErrorDetails = new ErrorDetails(text) { RecommendedAction = action };
        }
        return record;
    }

    private BackupServiceStatus Status(Step step)
    {
        List<BackupModuleStatus> modules = Modules(step);
        return new BackupServiceStatus
        {
            ActiveMachineFqdn = step.Text("active", "fe1." + Pool),
            OverallExportStatus = modules.Select(module => module.ExportStatus).DefaultIfEmpty().Max(),
            OverallImportStatus = modules.Select(module => module.ImportStatus).DefaultIfEmpty().Max(),
            BackupModules = modules,
        };
    }

    // A module is "Name" or "Name=ExportState,ImportState"; -Category keeps its own modules only.
    private List<BackupModuleStatus> Modules(Step step)
    {
        var modules = new List<BackupModuleStatus>();
        foreach (string text in step.List("modules") ?? s_usualModules)
        {
            string[] parts = text.Split('=', ',');
            if (MyInvocation.BoundParameters.ContainsKey(nameof(Category)) && Category != CategoryOf(parts[0]))
            {
                continue;
            }
            modules.Add(new BackupModuleStatus
            {
                Identity = parts[0],
                ExportStatus = step.Word<ExportStatus>(parts.Length > 1 ? parts[1] : step.Text("export", "SteadyState")),
                ImportStatus = step.Word<ImportStatus>(parts.Length > 2 ? parts[2] : step.Text("import", "NormalState")),
            });
        }
        return modules;
    }

    private static BackupCategory CategoryOf(string module) =>
        module.StartsWith("CentralMgmt.", StringComparison.Ordinal) ? BackupCategory.CMS
        : module.StartsWith("ApplicationServer.RGS", StringComparison.Ordinal) ? BackupCategory.RGS
        : BackupCategory.UserData;
}
