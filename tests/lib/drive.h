/* drive.h - throw-away system drives for tests and for the demo, shaped like a server with Exchange 2019 (facts: two sites, pools that
 * both share, four applications on the folder of OWA, location tags, BOM and CRLF where Exchange writes them).
 *
 * Every file was written for this project. A drive is an ordinary folder; the caller gives it to `--root C=DIR` or to
 * t_drive_drives(). What fails here fails the test or ends the program: a test that cannot set its stage has nothing to say.
 *
 * C:\inetpub\wwwroot\web.config                      site root: a location with inheritInChildApplications="false", no <rewrite>
 * C:\Program Files\...\V15\FrontEnd\HttpProxy\owa     web.config: BOM, CRLF, two blanks, no last newline; shared by /owa, /owa/Calendar, ...
 *                                       ...\ecp       web.config, not shared
 *                                       ...\OAB       no web.config
 *                          ...\V15\ClientAccess       site root of "Exchange Back End", no web.config; ClientAccess\owa has one
 *                          ...\V15\Bin\ExSetup.exe    a PE file whose version is 15.2.986.29
 * C:\Windows\System32\inetsrv                         config\applicationHost.config, config\schema\rewrite_schema.xml, rewrite.dll, w3wp.exe
 * C:\Windows\System32\config                          SYSTEM and SOFTWARE hives (hive_file.h): services of Windows, IIS and Exchange
 * C:\ProgramData\stopgap\machine                      the machine's id
 */
#ifndef SG_TESTS_LIB_DRIVE_H
#define SG_TESTS_LIB_DRIVE_H

#include "base/buf.h"
#include "base/drive.h"

#define T_APPHOST  "C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config"
#define T_REDIRECT "C:\\Windows\\System32\\inetsrv\\config\\redirection.config"
#define T_SCHEMA   "C:\\Windows\\System32\\inetsrv\\config\\schema\\rewrite_schema.xml"
#define T_V15      "C:\\Program Files\\Microsoft\\Exchange Server\\V15"
#define T_WWWROOT  "C:\\inetpub\\wwwroot\\web.config"
#define T_OWA      T_V15 "\\FrontEnd\\HttpProxy\\owa\\web.config"
#define T_ECP      T_V15 "\\FrontEnd\\HttpProxy\\ecp\\web.config"
#define T_BACK_OWA T_V15 "\\ClientAccess\\owa\\web.config"
#define T_EXSETUP  T_V15 "\\Bin\\ExSetup.exe"
#define T_MACHINE  "4f8d2c10-stopgap-test-drive"

char *t_drive_make(void);           /* a new folder below $TMPDIR, filled; t_drive_free() is the caller's */
char *t_drive_empty(void);          /* the same with nothing inside */
void t_drive_fill(const char *dir); /* fills an existing, empty folder */
void t_drive_free(char *dir);       /* removes the folder with all that is inside */

char *t_drive_native(
        const char *dir, const char *win); /* "C:\x\y" -> "DIR/x/y", letter by letter; owned by the caller */
void t_drive_drives(
        const char *dir, struct sg_drives *ret); /* C: is that folder; sg_drives_release() is the caller's */

/* Writing makes missing folders. An existing file keeps its mode; its inode changes, as it does when an editor saves. */
void t_drive_write(const char *dir, const char *win, struct sg_bytes octets);
void t_drive_read(const char *dir, const char *win, struct sg_buf *ret);
void t_drive_remove(const char *dir, const char *win); /* a file */
/* Replaces the first `from` in the file by `to`; it must be there. Both are compared as octets: mind CRLF. */
void t_drive_replace(const char *dir, const char *win, const char *from, const char *to);
bool t_drive_has(const char *dir, const char *win, const char *text); /* the file holds that text */

/* All files and folders with their modes and octets. */
struct t_snapshot;
struct t_snapshot *t_drive_snapshot(const char *dir);
bool t_drive_same(const char *dir, const struct t_snapshot *snap); /* says on stderr what differs */
void t_snapshot_free(struct t_snapshot *snap);

/* A small PE file with a version resource whose VS_FIXEDFILEINFO says a.b.c.d. */
void t_pe(unsigned a, unsigned b, unsigned c, unsigned d, struct sg_buf *ret);

#endif
