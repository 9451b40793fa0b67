# StopgapUndo.ps1 - the functions that take back and hold still: each asks first, and plans on -WhatIf; dot-sourced by Stopgap.psm1.
# NOT RUN: there was no Windows PowerShell where this was written.

<#
.SYNOPSIS
    Gives back what was there before; the mitigation stays out until `stopgapctl apply`.
.DESCRIPTION
    Later edits of others stay. What somebody else made of ours is left alone and named.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows what it would do and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id; empty: whichever has it.
.PARAMETER All
    Every mitigation.
.PARAMETER Reason
    Why; kept in the journal. It goes through stdin, so that quotes, line ends and letters of any language arrive.
.PARAMETER Ticket
    Kept in the journal beside the reason.
.PARAMETER OnBehalfOf
    Kept in the journal beside your account.
.PARAMETER ComputerName
    Another server, asked over WinRM (Invoke-Command): one object of the pipeline each, such as those of Get-ExchangeServer. The service there takes no
    session of the network unless its configuration says <access remote="allow">. Left out: this server.
.EXAMPLE
    Undo-StopgapMitigation CORP-1 -WhatIf
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Undo-StopgapMitigation {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High', DefaultParameterSetName = 'One')]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'One', Position = 0, ValueFromPipelineByPropertyName = $true)]
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Id,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [AllowEmptyString()]
        [ValidatePattern('^([^"]*[^"\\])?$')]
        [string] $Feed,
        [Parameter(Mandatory = $true, ParameterSetName = 'All')]
        [switch] $All,
        [ValidateNotNullOrEmpty()]
        [string] $Reason,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Ticket,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $OnBehalfOf,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Fqdn', 'Name', 'Server')]
        [ValidateNotNullOrEmpty()]
        [string] $ComputerName
    )
    process {
        try {
            $arguments = @('rollback', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
            $planned = @('--as=rollback')
            if ($Feed) {
                $planned += "--feed=$Feed"
            }
            $word = @('--', $Id)
            if ($All) {
                $word = @()
                $arguments += '--all'
            }
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            if ($WhatIfPreference) {
                Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned + $word)
            }
            if ($PSCmdlet.ShouldProcess($where, "roll back $(if ($All) { 'every mitigation' } else { $Id })")) {
                Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments + $word) -Text $Reason
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

<#
.SYNOPSIS
    Changes nothing on a server until it is resumed, or for that long.
.DESCRIPTION
    What is in force stays. -WhatIf names what would be held back.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows what it would do and changes nothing.
.PARAMETER For
    For that long: 90s, 15m, 8h, 2d, 2h30m.
.PARAMETER Until
    Until then.
.PARAMETER Reason
    Why; kept in the journal. It goes through stdin, so that quotes, line ends and letters of any language arrive.
.PARAMETER Ticket
    Kept in the journal beside the reason.
.PARAMETER OnBehalfOf
    Kept in the journal beside your account.
.PARAMETER ComputerName
    Another server, asked over WinRM (Invoke-Command): one object of the pipeline each, such as those of Get-ExchangeServer. The service there takes no
    session of the network unless its configuration says <access remote="allow">. Left out: this server.
.EXAMPLE
    Suspend-StopgapMitigation -For 2h -Reason "cumulative update"
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Suspend-StopgapMitigation {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $For,
        [datetime] $Until,
        [ValidateNotNullOrEmpty()]
        [string] $Reason,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Ticket,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $OnBehalfOf,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Fqdn', 'Name', 'Server')]
        [ValidateNotNullOrEmpty()]
        [string] $ComputerName
    )
    process {
        try {
            $arguments = @('pause', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
            $planned = @('--as=pause')
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            if ($WhatIfPreference) {
                Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned)
            }
            if ($PSCmdlet.ShouldProcess($where, "suspend all changes")) {
                Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments) -Text $Reason
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

<#
.SYNOPSIS
    Goes on after Suspend-StopgapMitigation.
.DESCRIPTION
    -WhatIf shows what would be done at once.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows what it would do and changes nothing.
.PARAMETER Reason
    Why; kept in the journal. It goes through stdin, so that quotes, line ends and letters of any language arrive.
.PARAMETER Ticket
    Kept in the journal beside the reason.
.PARAMETER OnBehalfOf
    Kept in the journal beside your account.
.PARAMETER ComputerName
    Another server, asked over WinRM (Invoke-Command): one object of the pipeline each, such as those of Get-ExchangeServer. The service there takes no
    session of the network unless its configuration says <access remote="allow">. Left out: this server.
.EXAMPLE
    Get-ExchangeServer | Resume-StopgapMitigation
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Resume-StopgapMitigation {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [ValidateNotNullOrEmpty()]
        [string] $Reason,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Ticket,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $OnBehalfOf,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Fqdn', 'Name', 'Server')]
        [ValidateNotNullOrEmpty()]
        [string] $ComputerName
    )
    process {
        try {
            $arguments = @('resume', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
            $planned = @('--as=resume')
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            if ($WhatIfPreference) {
                Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned)
            }
            if ($PSCmdlet.ShouldProcess($where, "resume")) {
                Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments) -Text $Reason
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}
