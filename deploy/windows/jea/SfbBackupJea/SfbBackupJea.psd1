@{  # Holds the role capability; brings no commands.
    ModuleVersion = '1.0.0'
    GUID = 'c0a4c1de-6b1f-4f4b-9d6c-2f1d0f5b7a11'
    Author = 'sfb_backup_exporter'
    Description = 'The role capability SfbBackup'
    FunctionsToExport = @(); CmdletsToExport = @(); AliasesToExport = @(); VariablesToExport = @()
}
