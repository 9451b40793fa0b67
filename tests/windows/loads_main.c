/* loads_main.c - loads the library that it is told to by its name alone: `loads NAME` without care, `loads NAME as-ours` begun as our programs begin. */
#include "base/os.h"

#include <windows.h>

int main(int argc, char **argv)
{
	if (argc == 3)
		sg_os_begin(&argc, &argv);
	return argc >= 2 && LoadLibraryA(argv[1]) ? 0 : 1;
}
