# Stopgap.psm1 - stopgap's verbs for Windows PowerShell 5.1: each function is one call of stopgapctl.exe, here or over WinRM on another server, and its JSON as objects.
# A server that fails is an error of its own, and the pipeline goes on with the next (-ErrorAction Stop ends it). It decides nothing: what is allowed, what a status is called and why something failed is said by stopgapctl (schemas/control.md). ASCII, multi-line functions, no aliases.
# NOT RUN: there was no Windows PowerShell where this was written. scripts/windows/check-powershell looks at its syntax, tests/system/test_powershell.py at
# every verb and option that it passes on.

. (Join-Path -Path $PSScriptRoot -ChildPath 'StopgapCall.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'StopgapChange.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'StopgapUndo.ps1')

<#
.SYNOPSIS
    Every mitigation that this server knows, and whether it is in force.
.DESCRIPTION
    The columns Server, ID, Type, Description and Status are those of Get-Mitigations.ps1; Verdict and Reason say whether it protects, and why it is as it is.
.PARAMETER Id
    That mitigation alone; * and ? match.
.PARAMETER Feed
    Which feed, where two offer the same id.
.PARAMETER ComputerName
    Another server, asked over WinRM (Invoke-Command): one object of the pipeline each, such as those of Get-ExchangeServer. The service there takes no
    session of the network unless its configuration says <access remote="allow">. Left out: this server.
.EXAMPLE
    Get-ExchangeServer | Get-StopgapMitigation | Where-Object { $_.Verdict -eq 'EXPOSED' }
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Get-StopgapMitigation {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0)]
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Id,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Feed,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Fqdn', 'Name', 'Server')]
        [ValidateNotNullOrEmpty()]
        [string] $ComputerName
    )
    process {
        try {
            $reply = Invoke-Stopgap -ComputerName $ComputerName -Arguments @('list', '--json')
            ConvertTo-StopgapMitigation -Reply $reply |
                Where-Object { (-not $Id -or $_.ID -like $Id) -and (-not $Feed -or $_.Feed -eq $Feed) }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

<#
.SYNOPSIS
    What happened on this server, newest last: each line with who asked and why.
.DESCRIPTION
    One object per line of the journal's history; Time is local.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Limit
    The last so many lines; 100 when left out.
.PARAMETER ComputerName
    Another server, asked over WinRM (Invoke-Command): one object of the pipeline each, such as those of Get-ExchangeServer. The service there takes no
    session of the network unless its configuration says <access remote="allow">. Left out: this server.
.EXAMPLE
    Get-StopgapHistory CORP-1 -Limit 20
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Get-StopgapHistory {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0)]
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Id,
        [ValidateRange(1, 99999)]
        [int] $Limit = 100,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Fqdn', 'Name', 'Server')]
        [ValidateNotNullOrEmpty()]
        [string] $ComputerName
    )
    process {
        try {
            $arguments = @('history', '--json', "--limit=$Limit")
            if ($Id) {
                $arguments += @('--', $Id)
            }
            $reply = Invoke-Stopgap -ComputerName $ComputerName -Arguments $arguments
            $epoch = New-Object -TypeName System.DateTime -ArgumentList 1970, 1, 1, 0, 0, 0, ([System.DateTimeKind]::Utc)
            foreach ($line in $reply.lines) {
                $entry = New-Object -TypeName PSObject -Property @{
                    Time = $epoch.AddMilliseconds($line.time).ToLocalTime()
                    Code = $line.code
                    Level = $line.level
                    ID = $line.id
                    Account = $line.account
                    Reason = $line.reason
                    Text = $line.text
                    Detail = $line
                }
                $entry.PSObject.TypeNames.Insert(0, 'Stopgap.HistoryLine')
                $entry
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

<#
.SYNOPSIS
    What keeps this server from being protected, and what to do about it: `stopgapctl doctor`.
.DESCRIPTION
    One object per check, then one per step on the way of each feed; it takes up to half a minute. A failed check is an object whose Status is fail, no error.
.PARAMETER ComputerName
    Another server, asked over WinRM (Invoke-Command): one object of the pipeline each, such as those of Get-ExchangeServer. The service there takes no
    session of the network unless its configuration says <access remote="allow">. Left out: this server.
.EXAMPLE
    Get-ExchangeServer | Test-StopgapHealth | Where-Object { $_.Status -ne 'ok' }
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Test-StopgapHealth {
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Fqdn', 'Name', 'Server')]
        [ValidateNotNullOrEmpty()]
        [string] $ComputerName
    )
    process {
        try {
            $reply = Invoke-Stopgap -ComputerName $ComputerName -Arguments @('doctor', '--json')
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            foreach ($check in $reply.checks) {
                ConvertTo-StopgapCheck -Server $where -Name $check.check -Check $check
            }
            foreach ($step in $reply.path) {
                ConvertTo-StopgapCheck -Server $where -Name "$($step.feed): $($step.step)" -Check $step
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

Export-ModuleMember -Function @(
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
