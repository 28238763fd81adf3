// The objects of the cmdlet. The names of BackupCategory and Fqdn are Microsoft's; the types of the status and of its rows, their
// property order and the numbers of the enums are invented (no public source tells them).
namespace Microsoft.Rtc.Management.Deploy
{
    /// <summary>A fully qualified domain name; PowerShell converts text to it with the constructor.</summary>
    public sealed class Fqdn
    {
        public Fqdn(string fqdn)
        {
            if (fqdn.Length == 0 || !fqdn.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'))
            {
                throw new ArgumentException($"\"{fqdn}\" is not a valid fully qualified domain name.");
            }
            Text = fqdn;
        }

        private string Text { get; }

        public override string ToString() => Text;
    }
}

namespace Microsoft.Rtc.Management.Hadr.BackupService
{
    public enum BackupCategory { UserData, CMS, RGS }

    public enum ExportStatus { NotInitialized, FinalState, SteadyState, NonSteadyState, ErrorState }

    public enum ImportStatus { NotInitialized, NormalState, ErrorState }

    /// <summary>What one module of the Backup Service reports.</summary>
    public sealed class BackupModuleStatus
    {
        public required string Identity { get; init; }
        public required ExportStatus ExportStatus { get; init; }
        public required ImportStatus ImportStatus { get; init; }

        public override string ToString() => $"{Identity}:[{ExportStatus},{ImportStatus}]";
    }

    /// <summary>What the cmdlet gives for one pool.</summary>
    public sealed class BackupServiceStatus
    {
        public required string? ActiveMachineFqdn { get; init; }
        public required ExportStatus OverallExportStatus { get; init; }
        public required ImportStatus OverallImportStatus { get; init; }
        public required List<BackupModuleStatus> BackupModules { get; init; }
    }
}
