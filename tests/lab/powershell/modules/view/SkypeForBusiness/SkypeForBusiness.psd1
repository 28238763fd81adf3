@{  # The cmdlet, and a view of its own for the status. The assembly lies beside the program.
    ModuleVersion = '7.0.2046.0'
    GUID = '2b6f0d0e-5a55-4a8e-9b0b-4f0c8f0d7a01'
    RootModule = '../../../SkypeForBusiness.Lab.dll'
    FormatsToProcess = 'view.format.ps1xml'
    CmdletsToExport = 'Get-CsBackupServiceStatus'
    FunctionsToExport = @(); AliasesToExport = @(); VariablesToExport = @()
}
