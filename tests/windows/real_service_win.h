/* real_service_win.h - services of the Windows that a test runs on: registered with its service control manager, and served by the test's own program. */
#ifndef SG_TESTS_REAL_SERVICE_WIN_H
#define SG_TESTS_REAL_SERVICE_WIN_H

#include <windows.h>
#include <stdbool.h>

/* First in main(): true when the service control manager started this process ("serve NAME STOP_MS", and START_MS where it shall be slow to start), which has
 * then served and may end. */
bool t_service_served(int argc, char **argv);
/* Registers one that stops after so many ms; `needs` (may be NULL): what it depends on. It does not run yet. */
void t_service_make(const char *name, DWORD start, const char *needs, DWORD stop_ms);
/* Stops it and takes it away, if it is there. */
void t_service_unmake(const char *name);

#endif
