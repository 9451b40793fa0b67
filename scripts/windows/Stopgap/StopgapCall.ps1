# StopgapCall.ps1 - how stopgapctl.exe is called and what its replies become; dot-sourced by Stopgap.psm1.
# NOT RUN: there was no Windows PowerShell where this was written.

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
    # Where the package put it; a 32-bit Windows PowerShell sees another registry and another Program Files unless it says which.
    $folder = Join-Path -Path $env:ProgramW6432 -ChildPath 'stopgap'
    $machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
    $key = $machine.OpenSubKey('SOFTWARE\stopgap')
    if ($key -and $key.GetValue('Folder')) {
        $folder = $key.GetValue('Folder')
    }
    $program = Join-Path -Path $folder -ChildPath 'stopgapctl.exe'
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

# One call: the reply as an object, or a terminating error with stopgapctl's own sentence, which the exported functions make one of that server alone. What failed is told as stopgap.error.v1.
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
    if ($Bound.Contains('Feed') -and $Bound['Feed']) {
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

# -WhatIf: what stopgapctl says that this very verb would do, printed as it says it; what the verb would refuse is refused here.
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
