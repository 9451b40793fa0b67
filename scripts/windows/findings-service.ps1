# findings-service.ps1 - the steps of on-windows.md about the service, its control pipe, its workers and what it writes (from S10 on). findings.ps1 makes the
# stage for them. NOT RUN: there was no Windows where this was written. What they use stands in findings-iis.ps1.

# As service_settings.c lists them.
$Privileges = @(
    'SeChangeNotifyPrivilege'
    'SeRestorePrivilege'
    'SeIncreaseQuotaPrivilege'
    'SeAssignPrimaryTokenPrivilege'
    'SeTcbPrivilege'
)

# One value of the service's key; what is not there counts as 0.
function Read-Setting {
    param([string]$Name)
    $key = Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\stopgap'
    if ($key.PSObject.Properties.Name -contains $Name) {
        return $key.$Name
    }
    return 0
}

# sc.exe's words are in Windows's language: what it wrote is for reading, and the verdict comes from the registry.
function Test-S10 {
    foreach ($verb in 'qc', 'qdescription', 'qfailure', 'qfailureflag', 'qsidtype', 'qprivs', 'qpreshutdown', 'queryex') {
        [void](Invoke-Line "sc.exe $verb stopgap")
    }
    $again = Invoke-Line "stopgapd.exe install --config $Try\stopgap.xml"
    [void](Invoke-Line 'reg.exe query HKLM\SYSTEM\CurrentControlSet\Services\stopgap')
    $set = @()
    foreach ($name in 'Start', 'DelayedAutostart', 'FailureActionsOnNonCrashFailures', 'ServiceSidType', 'PreshutdownTimeout') {
        $set += "$name=$(Read-Setting $name)"
    }
    $want = 'Start=2 DelayedAutostart=0 FailureActionsOnNonCrashFailures=1 ServiceSidType=1 PreshutdownTimeout=120000'
    $needs = @((Read-Setting 'DependOnService'), (Read-Setting 'DependOnGroup') | ForEach-Object { $_ } | Where-Object { $_ })
    $kept = @(Read-Setting 'RequiredPrivileges' | ForEach-Object { $_ } | Where-Object { $_ })
    $exactly = (($kept | Sort-Object) -join ' ') -eq (($Privileges | Sort-Object) -join ' ')
    $restarts = @(Read-Setting 'FailureActions' | ForEach-Object { $_ })
    # SERVICE_FAILURE_ACTIONS as the registry has it: seconds to reset, two addresses, how many, an address; then what to do, and after how many ms
    $numbers = @()
    for ($i = 0; $i + 4 -le $restarts.Count; $i += 4) {
        $numbers += [BitConverter]::ToUInt32([byte[]]$restarts, $i)
    }
    $failure = $numbers.Count -ge 11 -and $numbers[0] -eq 86400 -and ($numbers[5..10] -join ' ') -eq '1 5000 1 60000 1 300000'
    Add-Note ("{0}; wanted: {1}; depends on: {2}; privileges: {3}; restarts after failures: {4}" -f ($set -join ' '), $want, ($needs -join ' '), ($kept -join ' '), ($numbers -join ' '))
    $good = ($set -join ' ') -eq $want -and $needs.Count -eq 0 -and $exactly -and $failure
    return Get-Verdict ($good -and $again -match 'exit 0' -and $again -notmatch 'note:')
}

# Whoever an access list names, by SID or its two letters: names are in Windows's language.
function Test-S11 {
    [void](Invoke-Line "icacls.exe $Data /t /c")
    $good = $true
    foreach ($one in @(Get-Item -LiteralPath $Data -Force) + @(Get-ChildItem -LiteralPath $Data -Recurse -Force)) {
        $sddl = ''
        try {
            $sddl = (Get-Acl -LiteralPath $one.FullName).GetSecurityDescriptorSddlForm('Access')
        } catch {
            Add-Note ($one.FullName + ' ' + $_.Exception.Message)
            if (Test-Path -LiteralPath $one.FullName) {
                $good = $false
            }
            continue
        }
        Add-Note ($one.FullName + ' ' + $sddl)
        $entries = @([regex]::Matches($sddl, '\([^()]*\)') | ForEach-Object { $_.Value })
        $ours = @($entries | Where-Object { $_ -match '^\(A;[A-Z]*;FA;;;(SY|BA)\)$' })
        $inherited = @($entries | Where-Object { $_ -match '^\(A;[A-Z]*ID;' })
        $top = $one.FullName -eq $Data
        $as = if ($top) { $sddl -match '^D:P' -and $inherited.Count -eq 0 } else { $inherited.Count -eq $entries.Count }
        $good = $good -and $as -and $entries.Count -eq 2 -and $ours.Count -eq 2
    }
    return Get-Verdict $good
}

function Test-S12 {
    Copy-Item -Path "$Programs\*.exe" -Destination "$Try\program"
    [void](Invoke-Line "icacls.exe $Try\program /grant *S-1-5-32-545:(OI)(CI)M /q")
    $said = Invoke-Line "$Try\program\stopgapd.exe install --config $Try\stopgap.xml"
    [void](Invoke-Line "stopgapd.exe install --config $Try\stopgap.xml --start")
    return Get-Verdict ($said -match 'may be changed by')
}

function Test-S15 {
    $said = 'connected'
    $pipe = New-Object IO.Pipes.NamedPipeClientStream $env:COMPUTERNAME, 'ProtectedPrefix\Administrators\stopgap', ([IO.Pipes.PipeDirection]::InOut)
    try {
        $pipe.Connect(3000)
    } catch {
        $said = $_.Exception.Message
    }
    $pipe.Dispose()
    Add-Note "\\$env:COMPUTERNAME\pipe\ProtectedPrefix\Administrators\stopgap: $said"
    return Get-Verdict ($said -ne 'connected')
}

function Test-S16 {
    $begun = Get-Date
    [void](Invoke-Line 'stopgapd.exe stop')
    $pipe = New-Object IO.Pipes.NamedPipeServerStream 'ProtectedPrefix\Administrators\stopgap', ([IO.Pipes.PipeDirection]::InOut), 10
    try {
        [void](Invoke-Line 'stopgapd.exe start')
        $taken = Wait-For 30 { @(Get-OurEvent 1014 $begun).Count -gt 0 }
        $refused = Invoke-Line 'stopgapctl.exe status --timeout 10s'
    } finally {
        $pipe.Dispose()
    }
    $back = Wait-For 30 { @(Get-OurEvent 1015 $begun).Count -gt 0 }
    $again = Invoke-Line 'stopgapctl.exe status'
    Add-Note "event 1014 $taken, event 1015 $back"
    return Get-Verdict ($taken -and $back -and $refused -notmatch 'exit 0' -and $again -match 'exit 0')
}

function Test-S18 {
    $all = @(Get-EventLog -LogName Application -Source stopgap -Newest 20)
    $good = $all.Count -gt 0
    foreach ($one in $all) {
        Add-Note ("{0} {1} {2}" -f ($one.InstanceId -band 0xffff), $one.EntryType, $one.Message)
        $last = $one.ReplacementStrings[-1]
        Add-Note $last
        try {
            [void](ConvertFrom-Json $last)
        } catch {
            $good = $false
        }
        if ($one.Message -match 'description for Event') {
            $good = $false
        }
    }
    return Get-Verdict $good
}

# While the programs of that job run: every child of the service, and as whom.
function Read-Children {
    param([Management.Automation.Job]$Job)
    $id = (Get-CimInstance Win32_Service -Filter "Name='stopgap'").ProcessId
    $seen = @{}
    while ($Job.State -eq 'Running') {
        foreach ($child in @(Get-CimInstance Win32_Process -Filter "ParentProcessId=$id")) {
            $owner = Invoke-CimMethod -InputObject $child -MethodName GetOwner -ErrorAction SilentlyContinue
            if ($owner) {
                $seen["$($child.CommandLine) as $($owner.User)"] = $true
            }
        }
    }
    Add-Note ((Receive-Job $Job -ErrorAction SilentlyContinue | Out-String) + ($seen.Keys -join "`r`n"))
    Remove-Job $Job
}

# The stage's feed is a file, and for a file nothing is fetched: a worker that uses the network is had by an address that answers nobody.
function Test-S19 {
    $many = {
        param($folder, $times)
        for ($i = 0; $i -lt $times; $i++) {
            & "$folder\stopgapctl.exe" refresh
        }
    }
    Read-Children (Start-Job -ArgumentList $Programs, 10 -ScriptBlock $many)
    $said = Invoke-Line 'stopgapctl.exe refresh'
    try {
        Write-Text "$Try\stopgap.xml" ($Config.Replace('C:\StopgapTry\feed.xml', 'https://192.0.2.1/feed.xml'))
        [void](Invoke-Line 'stopgapd.exe reload')
        Start-Sleep -Seconds 5
        Read-Children (Start-Job -ArgumentList $Programs, 1 -ScriptBlock $many)
        $doctor = ConvertFrom-Json (& "$Programs\stopgapctl.exe" doctor --json | Out-String)
    } finally {
        Write-Text "$Try\stopgap.xml" $Config
        [void](Invoke-Line 'stopgapd.exe reload')
        Start-Sleep -Seconds 5
        [void](Invoke-Line 'stopgapctl.exe refresh --feed try')
    }
    $workers = @($doctor.checks | Where-Object { $_.check -eq 'workers' })
    foreach ($line in $workers) {
        Add-Note "$($line.status): $($line.text)"
    }
    $whole = @($workers | Where-Object { $_.status -eq 'ok' -and $_.text -match ' are shut in$' })
    return Get-Verdict ($said -match 'exit 0' -and $workers.Count -eq 2 -and $whole.Count -eq 2)
}

function Test-S20 {
    $begun = Get-Date
    $id = (Get-CimInstance Win32_Service -Filter "Name='stopgap'").ProcessId
    Stop-Process -Id $id -Force
    $back = Wait-For 60 { (Get-Service stopgap).Status -eq 'Running' -and (Get-CimInstance Win32_Service -Filter "Name='stopgap'").ProcessId -ne $id }
    Add-Note ("runs again {0} after {1:n0} s" -f $back, ((Get-Date) - $begun).TotalSeconds)
    $said = Invoke-Line 'stopgapctl.exe status'
    $check = Invoke-Line 'stopgap-journal.exe check'
    return Get-Verdict ($back -and $said -match 'exit 0' -and $check -match 'exit 0')
}

function Test-S21 {
    $file = "$Try\site\web.config"
    [void](Invoke-Line "icacls.exe $file /setowner *S-1-5-32-545")
    [void](Invoke-Line "icacls.exe $file /grant *S-1-5-4:R")
    [void](Invoke-Line "attrib.exe +H $file")
    Set-Content -LiteralPath $file -Stream stopgap-try -Value 'a named stream'
    $acl = (Get-Acl -LiteralPath $file).Sddl
    $attributes = (Get-Item -LiteralPath $file -Force).Attributes
    $hash = (Get-FileHash $file).Hash
    [void](Invoke-Line 'stopgapctl.exe apply TRY-1 --reason "a trial"')
    $refused = Wait-For 20 { (Get-Answer '/stopgap-try/x?evil=1').status -eq 403 }
    $good = $refused -and (Get-Acl -LiteralPath $file).Sddl -eq $acl -and (Get-Item -LiteralPath $file -Force).Attributes -eq $attributes
    [void](Invoke-Line "dir /r /q /a $file")
    [void](Invoke-Line 'stopgapctl.exe rollback TRY-1 --reason "a trial"')
    Add-Note ("before: $acl, after: " + (Get-Acl -LiteralPath $file).Sddl)
    $good = $good -and (Get-Acl -LiteralPath $file).Sddl -eq $acl -and (Get-FileHash $file).Hash -eq $hash
    [void](Invoke-Line "attrib.exe -H $file")
    return Get-Verdict $good
}

function Test-S22 {
    $job = Start-Job -ArgumentList $Programs -ScriptBlock {
        param($folder)
        & "$folder\stopgapctl.exe" apply TRY-2 --reason 'a trial'
    }
    $seen = @()
    $points = @()
    $stop = Start-Job -ArgumentList $Programs -ScriptBlock {
        param($folder)
        Start-Sleep -Milliseconds 1500
        & "$folder\stopgapd.exe" stop
    }
    while ($stop.State -eq 'Running') {
        $now = Get-CimInstance Win32_Service -Filter "Name='stopgap'"
        $seen += "$($now.State) $($now.CheckPoint)"
        if ($now.State -eq 'Stop Pending') {
            $points += [int]$now.CheckPoint
        }
        Start-Sleep -Milliseconds 100
    }
    $ended = (Get-Service stopgap).Status -eq 'Stopped'
    Add-Note (($seen | Select-Object -Unique) -join "`r`n")
    [void](Wait-Job $job)
    Add-Note (Receive-Job $stop, $job -ErrorAction SilentlyContinue | Out-String)
    Remove-Job $stop, $job
    $intent = Invoke-Line 'stopgap-journal.exe intent'
    $check = Invoke-Line 'stopgap-journal.exe check'
    [void](Invoke-Line 'stopgapd.exe start')
    [void](Get-State 'TRY-2')
    [void](Invoke-Line 'stopgapctl.exe rollback TRY-2 --reason "a trial"')
    Add-Note "the operation after the stop: $intent"
    if (-not $ended -or $check -notmatch 'exit 0') {
        return 'no'
    }
    # a stop that ends between two looks, or within one checkpoint, shows nothing of them
    if (@($points | Select-Object -Unique).Count -lt 2 -or ($points -join ' ') -ne (($points | Sort-Object) -join ' ')) {
        return 'unknown'
    }
    return 'yes'
}

function Test-S24 {
    [void](Invoke-Line "mklink /J $Try\aside $Try\site")
    [void](Invoke-Line "appcmd.exe set vdir `"StopgapTry/`" /physicalPath:$Try\aside")
    $said = Invoke-Line 'stopgapctl.exe plan TRY-1'
    [void](Invoke-Line "appcmd.exe set vdir `"StopgapTry/`" /physicalPath:$Try\site")
    return Get-Verdict ($said -match 'is a link')
}

function Test-S25 {
    [void](Invoke-Line "appcmd.exe set vdir `"StopgapTry/`" /physicalPath:$Try\above\watched")
    [void](Invoke-Line 'stopgapctl.exe apply TRY-1 --reason "a trial"')
    $good = (Invoke-Line "ren $Try\above below") -match 'exit 0'
    if ($good) {
        [void](Invoke-Line "ren $Try\below above")
    }
    [void](Invoke-Line 'stopgapctl.exe rollback TRY-1 --reason "a trial"')
    [void](Invoke-Line "appcmd.exe set vdir `"StopgapTry/`" /physicalPath:$Try\site")
    return Get-Verdict $good
}

function Test-S26 {
    $first = Invoke-Line "sc.exe qc $Service"
    [void](Invoke-Line "sc.exe config $Service start= delayed-auto")
    [void](Invoke-Line "net.exe start $Service")
    $was = Invoke-Line "sc.exe qc $Service"
    [void](Invoke-Line 'stopgapctl.exe apply TRY-3 --reason "a trial"')
    $in = (Invoke-Line "sc.exe qc $Service") -match 'DISABLED'
    $in = ((Invoke-Line "sc.exe query $Service") -match 'STOPPED') -and $in
    [void](Invoke-Line 'stopgapctl.exe rollback TRY-3 --reason "a trial"')
    $same = (Invoke-Line "sc.exe qc $Service") -eq $was
    $runs = (Invoke-Line "sc.exe query $Service") -match 'RUNNING'
    $start = 'demand'
    if ($first -match 'DELAYED') {
        $start = 'delayed-auto'
    } elseif ($first -match 'AUTO_START') {
        $start = 'auto'
    } elseif ($first -match 'DISABLED') {
        $start = 'disabled'
    }
    [void](Invoke-Line "sc.exe config $Service start= $start")
    return Get-Verdict ($in -and $same -and $runs)
}

function Test-S27 {
    $made = New-SelfSignedCertificate -DnsName localhost -CertStoreLocation Cert:\LocalMachine\My
    $root = New-Object Security.Cryptography.X509Certificates.X509Store 'Root', 'LocalMachine'
    $root.Open('ReadWrite')
    try {
        [void](Invoke-Line "netsh.exe http add sslcert ipport=0.0.0.0:8443 certhash=$($made.Thumbprint) appid={6f1d3c0e-7a57-4b0a-9c5e-2f6b8f0f4d31}")
        [void](Invoke-Line 'appcmd.exe set site /site.name:StopgapTry "/+bindings.[protocol=''https'',bindingInformation=''*:8443:'']"')
        Copy-Item "$Try\feed.xml" "$Try\site\feed.xml"
        Write-Text "$Try\stopgap.xml" ($Config.Replace('C:\StopgapTry\feed.xml', 'https://localhost:8443/feed.xml'))
        [void](Invoke-Line 'stopgapd.exe reload')
        Start-Sleep -Seconds 5
        $unknown = Invoke-Line 'stopgapctl.exe refresh --feed try'
        [void](Invoke-Line 'stopgapctl.exe doctor')
        $root.Add($made)
        $known = Invoke-Line 'stopgapctl.exe refresh --feed try'
        [void](Invoke-Line 'stopgapctl.exe doctor')
        $root.Remove($made)
        $octets = [Convert]::ToBase64String($made.RawData, 'InsertLineBreaks')
        Write-Text "$Try\ca.pem" "-----BEGIN CERTIFICATE-----`r`n$octets`r`n-----END CERTIFICATE-----`r`n"
        Write-Text "$Try\stopgap.xml" ($Config.Replace('C:\StopgapTry\feed.xml', 'https://localhost:8443/feed.xml').Replace('<trust>', '<network ca-file="C:\StopgapTry\ca.pem"/><trust>'))
        [void](Invoke-Line 'stopgapd.exe reload')
        Start-Sleep -Seconds 5
        $named = Invoke-Line 'stopgapctl.exe refresh --feed try'
        [void](Invoke-Line 'stopgapctl.exe doctor')
    } finally {
        $root.Remove($made)
        $root.Close()
        Remove-Item -LiteralPath "Cert:\LocalMachine\My\$($made.Thumbprint)"
        [void](Invoke-Line 'netsh.exe http delete sslcert ipport=0.0.0.0:8443')
        [void](Invoke-Line 'appcmd.exe set site /site.name:StopgapTry "/-bindings.[protocol=''https'',bindingInformation=''*:8443:'']"')
        Write-Text "$Try\stopgap.xml" $Config
        [void](Invoke-Line 'stopgapd.exe reload')
    }
    return Get-Verdict ($unknown -notmatch 'exit 0' -and $known -match 'exit 0' -and $named -match 'exit 0')
}

function Test-S28 {
    if (Get-Command Get-MpComputerStatus -ErrorAction SilentlyContinue) {
        Add-Note (Get-MpComputerStatus | Out-String)
    }
    $bad = 0
    for ($i = 0; $i -lt 20; $i++) {
        foreach ($verb in 'apply', 'rollback') {
            if ((Invoke-Line "stopgapctl.exe $verb TRY-1 --reason trial") -notmatch 'exit 0') {
                $bad++
            }
        }
    }
    Add-Note "$bad of 40 operations failed"
    return Get-Verdict ($bad -eq 0)
}

function Test-S30 {
    Add-Native
    $good = $true
    foreach ($file in Get-ChildItem -LiteralPath (Join-Path $Data 'journal') -Recurse -Force | Where-Object { -not $_.PSIsContainer }) {
        $has = [StopgapTry]::Allocated($file.FullName)
        Add-Note ("{0}: {1} octets, {2} allocated" -f $file.FullName, $file.Length, $has)
        [void](Invoke-Line "fsutil.exe sparse queryflag `"$($file.FullName)`"")
        $good = $good -and $has -ge $file.Length
    }
    return Get-Verdict $good
}

function Test-S37 {
    Import-Module Stopgap
    Add-Note (Get-Command -Module Stopgap | Out-String)
    $rows = @(Get-StopgapMitigation)
    Add-Note ($rows | Format-List | Out-String)
    Add-Note (Test-StopgapHealth | Format-List | Out-String)
    Add-Note (Get-StopgapHistory | Select-Object -Last 5 | Format-List | Out-String)
    $before = Get-StopgapMitigation | Format-List -Property @('ID', 'Status', 'Verdict') | Out-String
    Add-Note (Block-StopgapMitigation -Id TRY-1 -Reason 'a trial' -WhatIf 6>&1 | Out-String)
    $planned = Approve-StopgapMitigation -Id TRY-1 -WhatIf 6>&1 | Out-String
    Add-Note $planned
    Add-Note (Suspend-StopgapMitigation -For 1h -WhatIf 6>&1 | Out-String)
    Add-Note (Resume-StopgapMitigation -WhatIf 6>&1 | Out-String)
    Add-Note ($rows | Undo-StopgapMitigation -WhatIf 6>&1 | Out-String)
    $same = (Get-StopgapMitigation | Format-List -Property @('ID', 'Status', 'Verdict') | Out-String) -eq $before
    return Get-Verdict ($rows.Count -ge 3 -and $planned -match 'would change something: True' -and $same)
}

# What "Continue" in Explorer does, by icacls: first for this account, an administrator's, then for Users.
function Test-S40 {
    $begun = Get-Date
    $me = [Security.Principal.WindowsIdentity]::GetCurrent().User.Value
    [void](Invoke-Line 'stopgapd.exe stop')
    [void](Invoke-Line "icacls.exe $Data /grant *${me}:(OI)(CI)F /q")
    $started = Invoke-Line 'stopgapd.exe start'
    $told = @(Get-OurEvent 1020 $begun)
    Add-Note ('events 1020: ' + (($told | ForEach-Object { $_.Message }) -join ' '))
    $closed = Test-S11
    $again = Get-Date
    [void](Invoke-Line 'stopgapd.exe stop')
    [void](Invoke-Line "icacls.exe $Data /grant *S-1-5-32-545:(OI)(CI)F /q")
    $refused = Invoke-Line 'stopgapd.exe start'
    $left = Wait-For 20 { @(Get-OurEvent 1021 $again).Count -gt 0 }
    [void](Invoke-Line 'stopgapd.exe stop')
    [void](Invoke-Line "icacls.exe $Data /remove:g *S-1-5-32-545 /t /q")
    $back = Invoke-Line 'stopgapd.exe start'
    return Get-Verdict ($started -match 'exit 0' -and $told.Count -gt 0 -and $closed -eq 'yes' -and $refused -notmatch 'exit 0' -and $left -and $back -match 'exit 0')
}
