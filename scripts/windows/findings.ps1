<#
.SYNOPSIS
findings.ps1 - runs the steps of on-windows.md that a machine can run by itself, and writes what it saw to a file.

.DESCRIPTION
NOT RUN: there was no Windows where this was written. Read it before you start it, and start it only on a server that may be thrown away.

It collects. Each finding is one line of JSON in stopgap-findings.jsonl: step, verdict (yes, no or unknown), what was run, what came out, time, Windows's
build, IIS's version. "yes" means that all was seen that this looks at of what the step of on-windows.md must show. Everything that it makes is called StopgapTry, and it takes all of
it away at the end; before a step that disturbs something it asks, unless -Yes is there.

.PARAMETER List
Prints the steps, and which of them only a person can do.

.PARAMETER Step
Only these steps. Without it: all that the machine can do.

.PARAMETER Keep
Leaves what it has made (site, pool, feed, configuration) for the steps by hand. With -Step S01 it does little else.

.PARAMETER Remove
Takes away what -Keep left, or a run that ended early.

.PARAMETER Programs
Where stopgap's programs are; by default where the package has put them.

.PARAMETER Answer
The step that you did by hand; -Verdict and -Seen go with it.

.EXAMPLE
.\findings.ps1 -List

.EXAMPLE
.\findings.ps1 -Step S02,S03

.EXAMPLE
.\findings.ps1 -Step S01 -Keep

.EXAMPLE
.\findings.ps1 -Answer S31 -Verdict yes -Seen "50 power cuts, stopgap-journal check was clean after each"
#>
[CmdletBinding()]
param(
    [switch]$List,
    [string[]]$Step = @(),
    [string]$Answer = '',
    [ValidateSet('yes', 'no', 'unknown')]
    [string]$Verdict = 'unknown',
    [string]$Seen = '',
    [string]$Findings = '.\stopgap-findings.jsonl',
    [string]$Programs = '',
    [string]$Service = 'Spooler',
    [switch]$Keep,
    [switch]$Remove,
    [switch]$Yes
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$Try = 'C:\StopgapTry'
$Port = 8099
$Site = "http://localhost:$Port"
$Inetsrv = Join-Path $env:windir 'System32\inetsrv'
$AppHost = Join-Path $Inetsrv 'config\applicationHost.config'
$Copy = Join-Path $env:SystemDrive 'inetpub\temp\appPools\StopgapTry\StopgapTry.config'
$Data = Join-Path $env:ProgramData 'stopgap'
$AppHostBefore = Join-Path $Try 'applicationHost.before'
$CommandBefore = Join-Path $Try 'command.before'
$ServiceMade = Join-Path $Try 'service.made'
$script:Ran = New-Object System.Collections.ArrayList

# id -> how it is done: "machine" by itself, "asks" when it disturbs something, "hand" by a person alone.
$Steps = [ordered]@{
    S01 = 'machine'
    S02 = 'asks'
    S03 = 'asks'
    S04 = 'machine'
    S05 = 'machine'
    S06 = 'machine'
    S07 = 'machine'
    S08 = 'machine'
    S09 = 'machine'
    S10 = 'machine'
    S11 = 'machine'
    S12 = 'asks'
    S13 = 'hand'
    S14 = 'hand'
    S15 = 'machine'
    S16 = 'asks'
    S17 = 'hand'
    S18 = 'machine'
    S19 = 'machine'
    S20 = 'asks'
    S21 = 'machine'
    S22 = 'asks'
    S23 = 'hand'
    S24 = 'machine'
    S25 = 'machine'
    S26 = 'asks'
    S27 = 'asks'
    S28 = 'machine'
    S29 = 'hand'
    S30 = 'machine'
    S31 = 'hand'
    S32 = 'hand'
    S33 = 'hand'
    S34 = 'hand'
    S35 = 'hand'
    S36 = 'hand'
    S37 = 'machine'
    S38 = 'hand'
    S39 = 'hand'
    S40 = 'asks'
    S41 = 'hand'
}

# One line for cmd.exe; what it printed, with "exit N" as its last line. Kept for the finding.
function Invoke-Line {
    param([string]$Line)
    $text = (& cmd.exe /d /c "$Line 2>&1" | Out-String).TrimEnd()
    $shown = $text + "`r`nexit " + $LASTEXITCODE
    [void]$script:Ran.Add("> $Line`r`n$shown")
    return $shown
}

function Add-Note {
    param([string]$Text)
    [void]$script:Ran.Add($Text)
}

# JSON in ASCII, so that no code page can spoil it.
function Write-Finding {
    param([string]$Id, [string]$Found, [string]$Output)
    $one = [ordered]@{
        step = $Id
        verdict = $Found
        time = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
        windows = $script:Build
        iis = $script:Iis
        stopgap = $script:Stopgap
        output = $Output
    }
    $json = ConvertTo-Json -InputObject $one -Compress
    $ascii = [regex]::Replace($json, '[^\x20-\x7e]', { param($m) '\u{0:x4}' -f [int][char]$m.Value })
    Add-Content -LiteralPath $Findings -Value $ascii -Encoding ASCII
    Write-Host ("{0}  {1}" -f $Id, $Found)
}

function Confirm-Step {
    param([string]$What)
    if ($Yes) {
        return $true
    }
    $said = Read-Host "$What  Go on? (y/n)"
    return $said -eq 'y'
}

# --- what the machine is

function Read-Machine {
    $v = Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $revision = 0
    if ($v.PSObject.Properties.Name -contains 'UBR') {
        $revision = $v.UBR
    }
    $script:Build = '{0} {1}.{2} {3}' -f $v.ProductName, $v.CurrentBuildNumber, $revision, $v.InstallationType
    $script:Iis = 'none'
    if (Test-Path 'HKLM:\SOFTWARE\Microsoft\InetStp') {
        $script:Iis = (Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\InetStp').VersionString
    }
    $script:Stopgap = 'none'
    $program = Join-Path $Programs 'stopgapd.exe'
    if (Test-Path $program) {
        $script:Stopgap = (Get-Item $program).VersionInfo.ProductVersion
    }
}

# --- the stage: a pool, a site, a feed of our own, and a configuration

function Set-AccessAlone {
    param([string]$Folder)
    [void](Invoke-Line "icacls.exe `"$Folder`" /inheritance:r /grant *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F /q")
}

function Write-Text {
    param([string]$Path, [string]$Text)
    [IO.File]::WriteAllText($Path, $Text, (New-Object Text.UTF8Encoding $false))
}

$Config = @'
<stopgap xmlns="urn:stopgap:config:1" mode="enforce">
  <trust><anchor name="try" file="C:\StopgapTry\keys\root.pem"/></trust>
  <feed name="try" url="C:\StopgapTry\feed.xml" anchors="try" ids="TRY-*" every="5m"/>
  <policy><when do="ask"/></policy>
</stopgap>
'@

$Rules = '<rewrite><rules><rule name="{0}" stopProcessing="true"><match url="^{0}"/><action type="CustomResponse" statusCode="403" statusReason="no" statusDescription="no"/></rule></rules></rewrite>'

# What the service is started with now is kept for the end, which may be another run's.
function New-Stage {
    [void](New-Item -ItemType Directory -Path $Try)
    Set-AccessAlone $Try
    $old = Get-CimInstance Win32_Service -Filter "Name='stopgap'"
    if ($old) {
        Write-Text $CommandBefore $old.PathName
    }
    foreach ($name in 'site', 'keys', 'above\watched', 'program') {
        [void](New-Item -ItemType Directory -Path (Join-Path $Try $name))
    }
    [void](Invoke-Line "icacls.exe $Try\site /grant *S-1-5-32-545:(OI)(CI)RX /q")
    [void](Invoke-Line "icacls.exe $Try\above /grant *S-1-5-32-545:(OI)(CI)RX /q")
    foreach ($folder in 'site', 'above\watched') {
        Write-Text (Join-Path $Try "$folder\index.htm") 'hello'
        Write-Text (Join-Path $Try "$folder\web.config") "<?xml version=`"1.0`" encoding=`"utf-8`"?>`r`n<configuration>`r`n</configuration>`r`n"
    }
    Copy-Item -LiteralPath $AppHost -Destination $AppHostBefore
    [void](Invoke-Line 'appcmd.exe add apppool /name:StopgapTry')
    [void](Invoke-Line "appcmd.exe add site /name:StopgapTry /bindings:http/*:${Port}: /physicalPath:$Try\site")
    [void](Invoke-Line 'appcmd.exe set app "StopgapTry/" /applicationPool:StopgapTry')
    [void](Invoke-Line 'appcmd.exe set config "StopgapTry" /section:httpProtocol "/+customHeaders.[name=''X-Stopgap-Try'',value=''stopgap-try-0'']" /commit:apphost')
}

function New-Feed {
    [void](Invoke-Line "stopgap-feed.exe keygen --out $Try\keys")
    [void](Invoke-Line "stopgap-feed.exe new --id TRY-1 --product IIS --sites StopgapTry --path / --refuse /stopgap-try/x?evil=1 --desc rule --out $Try\TRY-1.xml")
    [void](Invoke-Line "stopgap-feed.exe new --id TRY-2 --product IIS --kind app_pool --pool StopgapTry --desc pool --out $Try\TRY-2.xml")
    [void](Invoke-Line "stopgap-feed.exe new --id TRY-3 --product IIS --kind service --service $Service --desc service --out $Try\TRY-3.xml")
    foreach ($id in 'TRY-1', 'TRY-2', 'TRY-3') {
        [void](Invoke-Line "stopgap-feed.exe add $Try\live.xml $Try\$id.xml --feed try")
    }
    [void](Invoke-Line "stopgap-feed.exe sign $Try\live.xml --key $Try\keys\leaf.key --cert $Try\keys\leaf.pem --chain $Try\keys\root.pem --previous none --out $Try\feed.xml")
    Write-Text "$Try\stopgap.xml" $Config
    if (-not (Test-Path $CommandBefore)) {
        Write-Text $ServiceMade 'by this run: it is to be taken away again'
    }
    [void](Invoke-Line 'stopgapd.exe stop') # one that runs would go on with its own configuration
    [void](Invoke-Line "stopgapd.exe install --config $Try\stopgap.xml --start")
    [void](Invoke-Line 'stopgapctl.exe refresh --feed try')
}

# Whatever of it a run that ended early has made; what was there before stays.
function Remove-Stage {
    $made = Test-Path $ServiceMade
    $before = Test-Path $CommandBefore
    if ($made -or $before) {
        foreach ($id in 'TRY-1', 'TRY-2', 'TRY-3') {
            [void](Invoke-Line "stopgapctl.exe rollback $id --reason `"the trial ends`"")
        }
    }
    if ($before) {
        [void](Invoke-Line 'stopgapd.exe stop')
        $command = [IO.File]::ReadAllText($CommandBefore).Replace('"', '\"')
        [void](Invoke-Line ('sc.exe config stopgap binPath= "{0}"' -f $command))
        [void](Invoke-Line 'stopgapd.exe install') # as it is started, so it is remembered
        [void](Invoke-Line 'stopgapd.exe start')
    } elseif ($made) {
        [void](Invoke-Line 'stopgapd.exe uninstall')
    }
    if (Test-Path $AppHostBefore) {
        [void](Invoke-Line 'appcmd.exe clear config "StopgapTry" /section:httpProtocol /commit:apphost')
        [void](Invoke-Line 'appcmd.exe delete site /site.name:StopgapTry')
        [void](Invoke-Line 'appcmd.exe delete apppool /apppool.name:StopgapTry')
        Add-Note ("applicationHost.config before: {0}, now: {1}; the file of before is in the temporary folder" -f
            (Get-FileHash $AppHostBefore).Hash, (Get-FileHash $AppHost).Hash)
        Copy-Item -LiteralPath $AppHostBefore -Destination (Join-Path $env:TEMP 'applicationHost.before-stopgap-try')
    }
    if (Test-Path "$Try\aside") {
        [void](Invoke-Line "rmdir $Try\aside")
    }
    if (Test-Path $Try) {
        Remove-Item -LiteralPath $Try -Recurse -Force
    }
}

function Wait-For {
    param([int]$Seconds, [scriptblock]$What)
    $end = (Get-Date).AddSeconds($Seconds)
    while ((Get-Date) -lt $end) {
        if (& $What) {
            return $true
        }
        Start-Sleep -Milliseconds 200
    }
    return $false
}

# Status and headers of one request, also of one that is refused.
function Get-Answer {
    param([string]$Path)
    $request = [Net.WebRequest]::Create($Site + $Path)
    $request.Timeout = 30000
    $response = $null
    try {
        $response = $request.GetResponse()
    } catch [Net.WebException] {
        $response = $_.Exception.Response
    }
    if ($null -eq $response) {
        return @{ status = 0; header = ''; body = '' }
    }
    $reader = New-Object IO.StreamReader $response.GetResponseStream()
    $answer = @{ status = [int]$response.StatusCode; header = [string]$response.Headers['X-Stopgap-Try']; body = $reader.ReadToEnd() }
    $response.Close()
    Add-Note ("GET {0}: {1} {2}" -f $Path, $answer.status, $answer.header)
    return $answer
}

# --- main

. (Join-Path $PSScriptRoot 'findings-iis.ps1')
. (Join-Path $PSScriptRoot 'findings-service.ps1')

if (-not $Programs) {
    $Programs = Join-Path $env:ProgramFiles 'stopgap'
    if (Test-Path 'HKLM:\SOFTWARE\stopgap') {
        $key = Get-Item 'HKLM:\SOFTWARE\stopgap'
        $folder = $key.GetValue('Folder')
        if ($folder) {
            $Programs = $folder.TrimEnd('\')
        }
    }
}
$env:PATH = "$Programs;$Inetsrv;$env:PATH"
if ($List) {
    foreach ($id in $Steps.Keys) {
        '{0}  {1}' -f $id, $Steps[$id]
    }
    return
}
Read-Machine
if ($Answer) {
    if (-not $Steps.Contains($Answer)) {
        throw "there is no step $Answer"
    }
    Write-Finding $Answer $Verdict $Seen
    return
}
$me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'start this elevated: it makes a site, a pool and a service'
}
if (-not [Environment]::Is64BitProcess) {
    throw 'start this in the 64-bit Windows PowerShell: the other one sees another System32'
}
if ($Remove) {
    if (-not (Test-Path $Try)) {
        throw "there is no ${Try}: nothing is left to take away"
    }
    Remove-Stage
    Write-Finding 'end' 'unknown' ($script:Ran -join "`r`n")
    return
}
if (Test-Path $Try) {
    throw "$Try is there already: -Keep left it, or an earlier run ended early. -Remove takes it away."
}
$Step = @($Step | ForEach-Object { $_ -split ',' })
foreach ($id in $Step) {
    if (-not $Steps.Contains($id)) {
        throw "there is no step $id"
    }
}
if (-not (Confirm-Step 'This makes a site, a pool and a service on this server, edits applicationHost.config, and stops and starts things.')) {
    return
}
try {
    New-Stage
    New-Feed
    Write-Finding 'stage' 'unknown' ($script:Ran -join "`r`n")
    foreach ($id in $Steps.Keys) {
        if (($Step.Count -and $Step -notcontains $id) -or $Steps[$id] -eq 'hand') {
            continue
        }
        if ($Steps[$id] -eq 'asks' -and -not (Confirm-Step "$id disturbs something: see on-windows.md.")) {
            continue
        }
        $script:Ran.Clear()
        $found = 'unknown'
        try {
            $found = [string](& "Test-$id" | Select-Object -Last 1)
        } catch {
            Add-Note ("ended: " + $_.Exception.Message)
        }
        Write-Finding $id $found ($script:Ran -join "`r`n")
    }
} finally {
    $script:Ran.Clear()
    if ($Keep) {
        Write-Host "$Try, the site, the pool and the feed stay for the steps by hand; -Remove takes them away"
    } else {
        try {
            Remove-Stage
        } catch {
            Add-Note ("left behind: " + $_.Exception.Message)
        }
        Write-Finding 'end' 'unknown' ($script:Ran -join "`r`n")
    }
}
