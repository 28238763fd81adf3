@{  # The cmdlet, and a type file that asks the serialiser for depth 2. The assembly lies beside the program.
    ModuleVersion = '7.0.2046.0'
    GUID = '2b6f0d0e-5a55-4a8e-9b0b-4f0c8f0d7a01'
    RootModule = '../../../SkypeForBusiness.Lab.dll'
    TypesToProcess = 'depth2.types.ps1xml'
    CmdletsToExport = 'Get-CsBackupServiceStatus'
    FunctionsToExport = @(); AliasesToExport = @(); VariablesToExport = @()
}
