# StopgapChange.ps1 - the functions that change what is let in: each asks first, and plans on -WhatIf; dot-sourced by Stopgap.psm1.
# NOT RUN: there was no Windows PowerShell where this was written.

<#
.SYNOPSIS
    Refuses a mitigation, also one that no feed has yet; what it changed is given back.
.DESCRIPTION
    ID@REVISION blocks one revision and those below it.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows what it would do and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id; empty: whichever has it.
.PARAMETER For
    For that long: 90s, 15m, 8h, 2d, 2h30m.
.PARAMETER Until
    Until then.
.PARAMETER Keep
    What is in force stays.
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
    Block-StopgapMitigation CORP-1 -For 8h -Reason 'breaks "calendar" printing' -Ticket OPS-17
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Block-StopgapMitigation {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Id,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [AllowEmptyString()]
        [ValidatePattern('^([^"]*[^"\\])?$')]
        [string] $Feed,
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $For,
        [datetime] $Until,
        [switch] $Keep,
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
            $arguments = @('block', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
            $planned = @('--as=block')
            if ($Feed) {
                $planned += "--feed=$Feed"
            }
            if ($Keep) {
                $arguments += '--keep'
                $planned += '--keep'
            }
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            if ($WhatIfPreference) {
                Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned + @('--', $Id))
            }
            if ($PSCmdlet.ShouldProcess($where, "block $Id")) {
                Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments + @('--', $Id)) -Text $Reason
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

<#
.SYNOPSIS
    Takes a block back; the mitigation is evaluated at once.
.DESCRIPTION
    What the configuration blocks stays blocked.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows what it would do and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id; empty: whichever has it.
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
    Unblock-StopgapMitigation CORP-1
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Unblock-StopgapMitigation {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Id,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [AllowEmptyString()]
        [ValidatePattern('^([^"]*[^"\\])?$')]
        [string] $Feed,
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
            $arguments = @('unblock', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
            $planned = @('--as=unblock')
            if ($Feed) {
                $planned += "--feed=$Feed"
            }
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            if ($WhatIfPreference) {
                Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned + @('--', $Id))
            }
            if ($PSCmdlet.ShouldProcess($where, "unblock $Id")) {
                Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments + @('--', $Id)) -Text $Reason
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

<#
.SYNOPSIS
    This body of the mitigation may go in when its turn comes.
.DESCRIPTION
    Window, delay and ring still count.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows what it would do and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id; empty: whichever has it.
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
    Approve-StopgapMitigation CORP-1 -Ticket CHG-4
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Approve-StopgapMitigation {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Id,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [AllowEmptyString()]
        [ValidatePattern('^([^"]*[^"\\])?$')]
        [string] $Feed,
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
            $arguments = @('approve', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
            $planned = @('--as=approve')
            if ($Feed) {
                $planned += "--feed=$Feed"
            }
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            if ($WhatIfPreference) {
                Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned + @('--', $Id))
            }
            if ($PSCmdlet.ShouldProcess($where, "approve $Id")) {
                Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments + @('--', $Id)) -Text $Reason
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}

<#
.SYNOPSIS
    Decides about a mitigation that is blocked by an edit, a conflict or a failure.
.DESCRIPTION
    One of -Retry, -TakeOver and -Accept.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows what it would do and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id; empty: whichever has it.
.PARAMETER Retry
    Look again, and evaluate.
.PARAMETER TakeOver
    What is there now becomes what is given back later, and ours is written.
.PARAMETER Accept
    What is there now stays, and is none of ours any more.
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
    Resolve-StopgapMitigation CORP-1 -TakeOver -Reason "ours is newer"
.NOTES
    Not run: there was no Windows PowerShell where this was written. Its syntax was checked, and that stopgapctl knows what it passes on; nothing else.
#>
function Resolve-StopgapMitigation {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High', DefaultParameterSetName = 'Retry')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [ValidatePattern('^[^"]*[^"\\]$')]
        [string] $Id,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [AllowEmptyString()]
        [ValidatePattern('^([^"]*[^"\\])?$')]
        [string] $Feed,
        [Parameter(Mandatory = $true, ParameterSetName = 'Retry')]
        [switch] $Retry,
        [Parameter(Mandatory = $true, ParameterSetName = 'TakeOver')]
        [switch] $TakeOver,
        [Parameter(Mandatory = $true, ParameterSetName = 'Accept')]
        [switch] $Accept,
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
            $arguments = @('resolve', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
            $planned = @('--as=resolve')
            if ($Feed) {
                $planned += "--feed=$Feed"
            }
            $how = @{ Retry = '--retry'; TakeOver = '--take-over'; Accept = '--accept' }[$PSCmdlet.ParameterSetName]
            $arguments += $how
            $planned += $how
            $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
            if ($WhatIfPreference) {
                Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned + @('--', $Id))
            }
            if ($PSCmdlet.ShouldProcess($where, "resolve $Id ($how)")) {
                Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments + @('--', $Id)) -Text $Reason
            }
        } catch {
            $PSCmdlet.WriteError($_)
        }
    }
}
