# Stopgap.psm1 - stopgap's verbs for Windows PowerShell 5.1: each function is one call of stopgapctl.exe, here or over WinRM on another server, and its JSON as objects.
# It decides nothing: what is allowed, what a status is called and why something failed is said by stopgapctl (schemas/control.md). ASCII, multi-line functions, no aliases.
# NOT RUN: there was no Windows PowerShell where this was written. scripts/windows/check-powershell looks at its syntax, tests/system/test_powershell.py at
# every verb and option that it passes on.

# Runs on the server that is asked, which needs no module. Texts that people type go through stdin: Windows PowerShell 5.1 takes quotes in arguments apart.
# Returns the exit status, the lines of stdout (JSON, in ASCII) and those of stderr.
$script:Call = {
    param(
        [string[]] $Arguments,
        [string] $Text
    )
    # A line on stderr is no failure by itself: the exit status says what is.
    $ErrorActionPreference = 'Continue'
    $OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $program = Join-Path -Path $env:ProgramW6432 -ChildPath 'stopgap\stopgapctl.exe'
    if (-not (Test-Path -LiteralPath $program)) {
        throw "stopgap is not installed on $($env:COMPUTERNAME): there is no $program"
    }
    if ($Text) {
        $lines = @($Text | & $program @Arguments 2>&1)
    } else {
        $lines = @(& $program @Arguments 2>&1)
    }
    $status = $LASTEXITCODE
    $errors = @($lines | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
    $output = @($lines | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] })
    New-Object -TypeName PSObject -Property @{
        Server = $env:COMPUTERNAME
        Status = $status
        Output = ($output -join "`n")
        Errors = ($errors -join "`n")
    }
}

# Whether that is this server: itself by one of its own names, and nothing that only begins alike. WinRM is for others.
function Test-StopgapHere {
    param(
        [string] $ComputerName
    )
    $network = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    @('', $env:COMPUTERNAME, $network.HostName, "$($network.HostName).$($network.DomainName)") -contains $ComputerName
}

# One call: the reply as an object, or a terminating error with stopgapctl's own sentence. What failed is told as stopgap.error.v1.
function Invoke-Stopgap {
    param(
        [string] $ComputerName,
        [string[]] $Arguments,
        [string] $Text
    )
    if (Test-StopgapHere -ComputerName $ComputerName) {
        $said = & $script:Call -Arguments $Arguments -Text $Text
    } else {
        $said = Invoke-Command -ComputerName $ComputerName -ScriptBlock $script:Call -ArgumentList $Arguments, $Text -ErrorAction Stop
    }
    $reply = $null
    $sentence = $said.Errors
    if ($said.Output) {
        $reply = ConvertFrom-Json -InputObject $said.Output
    }
    if ($reply -and $reply.schema -eq 'stopgap.error.v1') {
        $sentence = $reply.message
        $reply = $null
    }
    if (-not $reply) {
        $exception = New-Object -TypeName System.InvalidOperationException -ArgumentList "$($said.Server): $sentence (stopgapctl: exit status $($said.Status))"
        throw (New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, "StopgapExit$($said.Status)", 'NotSpecified', $said.Server)
    }
    $reply
}

# What Windows PowerShell has of who asks and why, as stopgapctl wants it. Options carry their value behind "=", so that none is taken for another option.
function Get-StopgapOption {
    param(
        [System.Collections.IDictionary] $Bound
    )
    if ($Bound.Contains('Feed')) {
        "--feed=$($Bound['Feed'])"
    }
    if ($Bound.Contains('For')) {
        "--for=$($Bound['For'])"
    }
    if ($Bound.Contains('Until')) {
        "--until=$($Bound['Until'].ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [System.Globalization.CultureInfo]::InvariantCulture))"
    }
    if ($Bound.Contains('Ticket')) {
        "--ticket=$($Bound['Ticket'])"
    }
    if ($Bound.Contains('OnBehalfOf')) {
        "--on-behalf-of=$($Bound['OnBehalfOf'])"
    }
    if ($Bound.Contains('Reason')) {
        '--reason=-'
    }
}

# The rows of a reply, with the columns of Get-Mitigations.ps1, then ours. Everything else that stopgapctl says about it is in Detail.
function ConvertTo-StopgapMitigation {
    param(
        $Reply
    )
    foreach ($row in $Reply.mitigations) {
        $mitigation = New-Object -TypeName PSObject -Property @{
            Server = $row.server
            ID = $row.id
            Type = $row.type
            Description = $row.desc
            Status = $row.status
            Verdict = $row.verdict
            Reason = $row.why
            Feed = $row.feed
            Revision = $row.revision
            Detail = $row
        }
        $mitigation.PSObject.TypeNames.Insert(0, 'Stopgap.Mitigation')
        $mitigation
    }
}

# -WhatIf: what stopgapctl plans, printed as it says it.
function Show-StopgapPlan {
    param(
        [string] $ComputerName,
        [string[]] $Arguments
    )
    $plan = Invoke-Stopgap -ComputerName $ComputerName -Arguments (@('plan', '--json') + $Arguments)
    foreach ($row in $plan.mitigations) {
        Write-Host "$($row.id) (feed $($row.feed)): $($row.work): $($row.text)"
    }
    foreach ($file in $plan.files) {
        Write-Host $file.container
        Write-Host $file.diff
        foreach ($line in $file.restarts) {
            Write-Host "  restarts: $line"
        }
        foreach ($line in $file.neighbours) {
            Write-Host "  neighbour: $line"
        }
    }
    foreach ($line in $plan.effects) {
        Write-Host "  effect: $line"
    }
    Write-Host "would change something: $($plan.would_change)"
}

# One line of doctor's: a check, or a step on the way of a feed.
function ConvertTo-StopgapCheck {
    param(
        [string] $Server,
        [string] $Name,
        $Check
    )
    $result = New-Object -TypeName PSObject -Property @{
        Server = $Server
        Check = $Name
        Status = $Check.status
        Text = $Check.text
        Cure = $Check.cure
    }
    $result.PSObject.TypeNames.Insert(0, 'Stopgap.HealthCheck')
    $result
}

# One verb that changes something; what it left, as rows.
function Invoke-StopgapChange {
    param(
        [string] $ComputerName,
        [string[]] $Arguments,
        [string] $Text
    )
    $reply = Invoke-Stopgap -ComputerName $ComputerName -Arguments $Arguments -Text $Text
    Write-Verbose -Message $reply.text
    ConvertTo-StopgapMitigation -Reply $reply
}

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
        $reply = Invoke-Stopgap -ComputerName $ComputerName -Arguments @('list', '--json')
        ConvertTo-StopgapMitigation -Reply $reply |
            Where-Object { (-not $Id -or $_.ID -like $Id) -and (-not $Feed -or $_.Feed -eq $Feed) }
    }
}

<#
.SYNOPSIS
    Refuses a mitigation, also one that no feed has yet; what it changed is given back.
.DESCRIPTION
    ID@REVISION blocks one revision and those below it.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows the plan and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id.
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
        [ValidatePattern('^[^"]*[^"\\]$')]
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
    }
}

<#
.SYNOPSIS
    Takes a block back; the mitigation is evaluated at once.
.DESCRIPTION
    What the configuration blocks stays blocked.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows the plan and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id.
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
        [ValidatePattern('^[^"]*[^"\\]$')]
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
    }
}

<#
.SYNOPSIS
    This body of the mitigation may go in when its turn comes.
.DESCRIPTION
    Window, delay and ring still count.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows the plan and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id.
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
        [ValidatePattern('^[^"]*[^"\\]$')]
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
        $arguments = @('approve', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
        $planned = @()
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
    }
}

<#
.SYNOPSIS
    Decides about a mitigation that is blocked by an edit, a conflict or a failure.
.DESCRIPTION
    One of -Retry, -TakeOver and -Accept. The plan of -WhatIf shows the mitigation as it is.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows the plan and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id.
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
        [ValidatePattern('^[^"]*[^"\\]$')]
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
        $arguments = @('resolve', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
        $planned = @()
        if ($Feed) {
            $planned += "--feed=$Feed"
        }
        $how = @{ Retry = '--retry'; TakeOver = '--take-over'; Accept = '--accept' }[$PSCmdlet.ParameterSetName]
        $arguments += $how
        $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
        if ($WhatIfPreference) {
            Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned + @('--', $Id))
        }
        if ($PSCmdlet.ShouldProcess($where, "resolve $Id ($how)")) {
            Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments + @('--', $Id)) -Text $Reason
        }
    }
}

<#
.SYNOPSIS
    Gives back what was there before; the mitigation stays out until `stopgapctl apply`.
.DESCRIPTION
    Later edits of others stay. What somebody else made of ours is left alone and named.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows the plan and changes nothing.
.PARAMETER Id
    The mitigation, as Get-StopgapMitigation shows it.
.PARAMETER Feed
    Which feed, where two offer the same id.
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
        [ValidatePattern('^[^"]*[^"\\]$')]
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
    }
}

<#
.SYNOPSIS
    Changes nothing on a server until it is resumed, or for that long.
.DESCRIPTION
    What is in force stays. The plan of -WhatIf is what would be held back.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows the plan and changes nothing.
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
        $arguments = @('pause', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
        $planned = @()
        $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
        if ($WhatIfPreference) {
            Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned)
        }
        if ($PSCmdlet.ShouldProcess($where, "suspend all changes")) {
            Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments) -Text $Reason
        }
    }
}

<#
.SYNOPSIS
    Goes on after Suspend-StopgapMitigation.
.DESCRIPTION
    While work is paused the plan of -WhatIf says so.
    Asks before it changes anything (ConfirmImpact High); -WhatIf shows the plan and changes nothing.
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
        $arguments = @('resume', '--json') + @(Get-StopgapOption -Bound $PSBoundParameters)
        $planned = @()
        $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
        if ($WhatIfPreference) {
            Show-StopgapPlan -ComputerName $ComputerName -Arguments ($planned)
        }
        if ($PSCmdlet.ShouldProcess($where, "resume")) {
            Invoke-StopgapChange -ComputerName $ComputerName -Arguments ($arguments) -Text $Reason
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
        $reply = Invoke-Stopgap -ComputerName $ComputerName -Arguments @('doctor', '--json')
        $where = "$(if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME })"
        foreach ($check in $reply.checks) {
            ConvertTo-StopgapCheck -Server $where -Name $check.check -Check $check
        }
        foreach ($step in $reply.path) {
            ConvertTo-StopgapCheck -Server $where -Name "$($step.feed): $($step.step)" -Check $step
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
