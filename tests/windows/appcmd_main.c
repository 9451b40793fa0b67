/* appcmd_main.c - IIS's appcmd.exe as the tests of whole programs need it: `list|stop|start|recycle apppool /apppool.name:X`. A pool is started until it is
 * told otherwise; the file of its name beside the program says that it is stopped. What was told is in told.txt there. */
#include <windows.h>

#include <stdio.h>
#include <string.h>

static char folder[MAX_PATH];

static FILE *open_beside(const char *name, const char *mode)
{
	char path[2 * MAX_PATH];

	snprintf(path, sizeof path, "%s\\%s", folder, name);
	return fopen(path, mode);
}

int main(int argc, char **argv)
{
	static const char option[] = "/apppool.name:";
	char stopped[MAX_PATH];
	FILE *f;

	GetModuleFileNameA(NULL, folder, sizeof folder);
	*strrchr(folder, '\\') = 0;
	f = open_beside("told.txt", "ab");
	for (int i = 1; f && i < argc; i++)
		fprintf(f, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
	if (f)
		fclose(f);
	if (argc < 4 || strcmp(argv[2], "apppool") != 0 || strncmp(argv[3], option, strlen(option)) != 0)
		return 1;
	snprintf(stopped, sizeof stopped, "%s.stopped", argv[3] + strlen(option));
	if (strcmp(argv[1], "list") == 0) {
		f = open_beside(stopped, "rb");
		puts(f ? "Stopped" : "Started");
		if (f)
			fclose(f);
	} else if (strcmp(argv[1], "stop") == 0) {
		f = open_beside(stopped, "wb");
		if (f)
			fclose(f);
	} else if (strcmp(argv[1], "start") == 0) {
		char path[2 * MAX_PATH];

		snprintf(path, sizeof path, "%s\\%s", folder, stopped);
		DeleteFileA(path);
	}
	return 0;
}
