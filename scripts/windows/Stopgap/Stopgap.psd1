# Stopgap.psd1 - the module's manifest. Stopgap.psm1 says what it is. NOT RUN: there was no Windows PowerShell where this was written.
@{
    RootModule = 'Stopgap.psm1'
    ModuleVersion = '0.1.0'
    GUID = '6f1d3c0e-7a57-4b0a-9c5e-2f6b8f0f4d31'
    Author = 'stopgap'
    Description = 'Interim IIS and Exchange mitigations: what is in force, what is blocked, and why. A thin module over stopgapctl.exe --json. Not run where it was written.'
    PowerShellVersion = '5.1'
    FormatsToProcess = @('Stopgap.format.ps1xml')
    CmdletsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
    FunctionsToExport = @(
        'Get-StopgapMitigation',
        'Block-StopgapMitigation',
        'Unblock-StopgapMitigation',
        'Approve-StopgapMitigation',
        'Resolve-StopgapMitigation',
        'Undo-StopgapMitigation',
        'Suspend-StopgapMitigation',
        'Resume-StopgapMitigation',
        'Get-StopgapHistory',
        'Test-StopgapHealth'
    )
}
