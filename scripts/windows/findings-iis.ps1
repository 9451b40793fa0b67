# findings-iis.ps1 - the steps of on-windows.md about IIS and its files (S01 to S09), and what the others use, too. findings.ps1 makes the stage for them.
# NOT RUN: there was no Windows where this was written. Each returns yes, no or unknown; what it ran is kept by Invoke-Line and Add-Note.

$Native = @'
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
public static class StopgapTry {
    [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern bool MoveFileExW(string source, string to, uint flags);
    [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern bool ReplaceFileW(string to, string source, string backup, uint flags, IntPtr a, IntPtr b);
    [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern IntPtr CreateFileW(string path, uint access, uint share, IntPtr sa, uint how, uint flags, IntPtr template);
    [DllImport("kernel32", SetLastError = true)]
    static extern bool SetFileInformationByHandle(IntPtr h, int what, IntPtr data, uint size);
    [DllImport("kernel32")]
    static extern bool CloseHandle(IntPtr h);
    [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern uint GetCompressedFileSizeW(string path, out uint high);
    static IntPtr none = new IntPtr(-1);
    // 0, or the error's number
    public static int Move(string source, string to) { return MoveFileExW(source, to, 1 | 8) ? 0 : Marshal.GetLastWin32Error(); }
    public static int Replace(string source, string to) { return ReplaceFileW(to, source, null, 0, IntPtr.Zero, IntPtr.Zero) ? 0 : Marshal.GetLastWin32Error(); }
    // FileRenameInfoEx, replace and POSIX semantics
    public static int Posix(string source, string to) {
        IntPtr h = CreateFileW(source, 0x10000, 7, IntPtr.Zero, 3, 0, IntPtr.Zero);
        if (h == none) return Marshal.GetLastWin32Error();
        byte[] name = System.Text.Encoding.Unicode.GetBytes(to);
        IntPtr data = Marshal.AllocHGlobal(22 + name.Length);
        for (int i = 0; i < 22 + name.Length; i++) Marshal.WriteByte(data, i, 0);
        Marshal.WriteInt32(data, 0, 3);
        Marshal.WriteInt32(data, 16, name.Length);
        Marshal.Copy(name, 0, new IntPtr(data.ToInt64() + 20), name.Length);
        int e = SetFileInformationByHandle(h, 22, data, (uint)(22 + name.Length)) ? 0 : Marshal.GetLastWin32Error();
        Marshal.FreeHGlobal(data);
        CloseHandle(h);
        return e;
    }
    // Whether somebody has it open without sharing its deletion: 0 nobody, 32 somebody
    public static int AskDelete(string path) {
        IntPtr h = CreateFileW(path, 0x10000, 7, IntPtr.Zero, 3, 0, IntPtr.Zero);
        if (h == none) return Marshal.GetLastWin32Error();
        CloseHandle(h);
        return 0;
    }
    public static long Allocated(string path) { uint high; uint low = GetCompressedFileSizeW(path, out high); return ((long)high << 32) | low; }
}
'@

function Add-Native {
    if (-not ('StopgapTry' -as [type])) {
        Add-Type -TypeDefinition $Native
    }
}

function Get-Verdict {
    param([bool]$Good)
    if ($Good) {
        return 'yes'
    }
    return 'no'
}

function Write-WebConfig {
    param([string]$Folder, [string]$Inner, [Text.Encoding]$Encoding = (New-Object Text.UTF8Encoding $false), [string]$Name = 'utf-8')
    $text = "<?xml version=`"1.0`" encoding=`"$Name`"?>`r`n<configuration>`r`n$Inner`r`n</configuration>`r`n"
    [IO.File]::WriteAllText((Join-Path $Folder 'web.config'), $text, $Encoding)
    Start-Sleep -Seconds 3
}

function Get-State {
    param([string]$Id)
    $said = & stopgapctl.exe show $Id --json | Out-String
    Add-Note ("show ${Id}: " + $said.Trim())
    return $said
}

function Get-OurEvent {
    param([int]$Number, [DateTime]$Since)
    return @(Get-EventLog -LogName Application -Source stopgap -After $Since -ErrorAction SilentlyContinue | Where-Object { ($_.InstanceId -band 0xffff) -eq $Number })
}

function Test-S01 {
    Add-Note "$script:Build; IIS $script:Iis; stopgap $script:Stopgap"
    [void](Invoke-Line 'fsutil.exe fsinfo volumeinfo C:')
    [void](Invoke-Line 'reg.exe query "HKLM\SOFTWARE\Microsoft\IIS Extensions\URL Rewrite" /v Version')
    [void](Invoke-Line 'stopgapctl.exe doctor')
    return 'unknown'
}

# A byte-preserving edit of applicationHost.config, put in place by each of three calls; the site's own header tells whether its worker got it.
function Test-S02 {
    Add-Native
    $latin = [Text.Encoding]::GetEncoding(28591)
    $seen = @{}
    $n = 0
    foreach ($call in 'Move', 'Replace', 'Posix') {
        $n++
        [void](Get-Answer '/index.htm')
        $worker = Invoke-Line 'appcmd.exe list wp /apppool.name:StopgapTry'
        $was = (Get-Item $Copy).LastWriteTimeUtc
        $text = $latin.GetString([IO.File]::ReadAllBytes($AppHost))
        $text = [regex]::Replace($text, 'stopgap-try-\d', "stopgap-try-$n")
        $new = "$AppHost.stopgap-try"
        [IO.File]::WriteAllBytes($new, $latin.GetBytes($text))
        Set-Acl -LiteralPath $new -AclObject (Get-Acl -LiteralPath $AppHost)
        $e = [StopgapTry]::$call($new, $AppHost)
        $begun = Get-Date
        $seen[$call] = ($e -eq 0) -and (Wait-For 60 { (Get-Answer '/index.htm').header -eq "stopgap-try-$n" })
        $copied = (Get-Item $Copy).LastWriteTimeUtc -ne $was
        $same = $worker -match 'WP "\d+"' -and (Invoke-Line 'appcmd.exe list wp /apppool.name:StopgapTry') -eq $worker
        Add-Note ("{0}: error {1}, seen by the worker {2} after {3:n1} s, copy renewed {4}, the same worker {5}" -f $call, $e, $seen[$call], ((Get-Date) - $begun).TotalSeconds, $copied, $same)
        $seen[$call] = $seen[$call] -and $copied -and $same
        if (Test-Path $new) {
            Remove-Item -LiteralPath $new
        }
    }
    return Get-Verdict $seen['Move']
}

function Test-S03 {
    Add-Native
    $held = 0
    $longest = 0
    $since = $null
    $job = Start-Job -ArgumentList $Inetsrv -ScriptBlock {
        param($folder)
        for ($i = 0; $i -lt 10; $i++) {
            & "$folder\appcmd.exe" set apppool /apppool.name:StopgapTry "/queueLength:$(1001 + $i)"
            & "$folder\appcmd.exe" recycle apppool /apppool.name:StopgapTry
            Start-Sleep -Seconds 3
        }
    }
    $end = (Get-Date).AddSeconds(60)
    while ((Get-Date) -lt $end) {
        if ([StopgapTry]::AskDelete($AppHost) -eq 32) {
            $held++
            if ($null -eq $since) {
                $since = Get-Date
            }
            $longest = [Math]::Max($longest, ((Get-Date) - $since).TotalMilliseconds)
        } else {
            $since = $null
        }
        Start-Sleep -Milliseconds 2
    }
    [void](Wait-Job $job)
    Remove-Job $job
    [void](Invoke-Line 'appcmd.exe set apppool /apppool.name:StopgapTry /queueLength:1000')
    Add-Note "in 60 s: $held looks met somebody who does not share deletion, the longest for $longest ms"
    return Get-Verdict ($longest -lt 500)
}

function Test-S04 {
    $two = '<system.webServer>{0}</system.webServer><system.webServer>{1}</system.webServer>'
    Write-WebConfig "$Try\site" ($two -f ($Rules -f 'first'), ($Rules -f 'second'))
    $a = (Get-Answer '/first').status
    $b = (Get-Answer '/second').status
    Write-WebConfig "$Try\site" ('<system.webServer>{0}{1}</system.webServer>' -f ($Rules -f 'third'), ($Rules -f 'fourth'))
    $c = (Get-Answer '/third').status
    $d = (Get-Answer '/fourth').status
    Write-WebConfig "$Try\site" ''
    Add-Note "two <system.webServer>: $a $b; two <rewrite> in one: $c $d (403: in force)"
    return Get-Verdict ($a -eq 403 -and $b -eq 403 -and $c -eq 403 -and $d -eq 403)
}

function Test-S05 {
    Write-WebConfig "$Try\site" ('<system.webServer>{0}</system.webServer>' -f ($Rules -f 'wide')) ([Text.Encoding]::Unicode) 'utf-16'
    $web = (Get-Answer '/wide').status
    Write-WebConfig "$Try\site" ''
    $wide = Join-Path $Try 'wide.config'
    $text = [IO.File]::ReadAllText($AppHost) -replace '(?i)encoding="utf-8"', 'encoding="utf-16"'
    [IO.File]::WriteAllText($wide, $text, [Text.Encoding]::Unicode)
    $said = Invoke-Line "appcmd.exe list site /apphostconfig:$wide"
    Add-Note "web.config in UTF-16: $web (403: read, 500: refused)"
    return Get-Verdict ($web -eq 403 -and $said -match 'exit 0')
}

function Test-S06 {
    Write-WebConfig "$Try\site" ('<system.webServer>{0}</system.webServer>' -f ($Rules -f 'twice'))
    [void](Invoke-Line "appcmd.exe add app /site.name:StopgapTry /path:/again /physicalPath:$Try\site /applicationPool:StopgapTry")
    $answer = Get-Answer '/again/index.htm'
    Add-Note $answer.body
    [void](Invoke-Line 'appcmd.exe delete app "StopgapTry/again"')
    Write-WebConfig "$Try\site" ''
    return Get-Verdict ($answer.status -eq 500 -and $answer.body -match '800700b7')
}

function Test-S07 {
    [void](New-Item -ItemType Directory -Force -Path "$Try\site\child")
    Write-Text "$Try\site\child\index.htm" 'child'
    Write-WebConfig "$Try\site" ('<system.webServer>{0}</system.webServer>' -f ($Rules -f 'index'))
    Write-WebConfig "$Try\site\child" '<location inheritInChildApplications="false"><system.webServer><httpProtocol/></system.webServer></location>'
    [void](Invoke-Line "appcmd.exe add app /site.name:StopgapTry /path:/child /physicalPath:$Try\site\child /applicationPool:StopgapTry")
    $below = (Get-Answer '/child/index.htm').status
    Write-WebConfig "$Try\site" ('<location inheritInChildApplications="false"><system.webServer>{0}</system.webServer></location>' -f ($Rules -f 'index'))
    $closed = (Get-Answer '/child/index.htm').status
    [void](Invoke-Line 'appcmd.exe delete app "StopgapTry/child"')
    Write-WebConfig "$Try\site" ''
    Add-Note "rule at the parent's top level: $below (403: it holds in the application); inside such a location at the parent: $closed (200: it does not)"
    return Get-Verdict ($below -eq 403 -and $closed -eq 200)
}

function Test-S08 {
    $good = (Invoke-Line 'appcmd.exe list apppool /apppool.name:StopgapTry /text:state') -match 'Started'
    [void](Invoke-Line 'appcmd.exe recycle apppool /apppool.name:StopgapTry')
    [void](Invoke-Line 'appcmd.exe start apppool /apppool.name:StopgapTry')
    [void](Invoke-Line 'appcmd.exe stop apppool /apppool.name:StopgapTry')
    $good = ((Invoke-Line 'appcmd.exe list apppool /apppool.name:StopgapTry /text:state') -match 'Stopp') -and $good
    [void](Invoke-Line 'appcmd.exe recycle apppool /apppool.name:StopgapTry')
    [void](Invoke-Line 'appcmd.exe stop apppool /apppool.name:StopgapTry')
    [void](Invoke-Line 'appcmd.exe start apppool /apppool.name:StopgapTry')
    [void](Invoke-Line 'appcmd.exe list apppool /apppool.name:StopgapTryNone /text:state')
    [void](Invoke-Line 'appcmd.exe stop apppool /apppool.name:StopgapTryNone')
    return Get-Verdict $good
}

function Test-S09 {
    $begun = Get-Date
    $was = (Get-FileHash $AppHost).Hash
    [void](Get-Answer '/index.htm')
    $copyWas = (Get-Item $Copy).LastWriteTimeUtc
    $in = Invoke-Line 'stopgapctl.exe apply TRY-2 --reason "a trial"'
    $stopped = (Invoke-Line 'appcmd.exe list apppool /apppool.name:StopgapTry /text:state') -match 'Stopp'
    if (Test-Path $Copy) {
        Add-Note ("the pool's copy was renewed: " + ((Get-Item $Copy).LastWriteTimeUtc -ne $copyWas))
    }
    $out = Invoke-Line 'stopgapctl.exe rollback TRY-2 --reason "a trial"'
    $same = (Get-FileHash $AppHost).Hash -eq $was
    $runs = (Invoke-Line 'appcmd.exe list apppool /apppool.name:StopgapTry /text:state') -match 'Started'
    $stale = @(Get-OurEvent 4052 $begun).Count
    Add-Note "stopped $stopped, the same bytes again $same, runs again $runs, events 4052: $stale"
    return Get-Verdict ($in -match 'exit 0' -and $out -match 'exit 0' -and $stopped -and $same -and $runs)
}
