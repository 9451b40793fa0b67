/* make-drive - fills an empty folder with a throw-away system drive, for the demo and the system tests. */
#include "tests/lib/drive.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-') {
		fputs("usage: make-drive DIR      (an existing, empty folder)\n", stderr);
		return 2;
	}
	t_drive_fill(argv[1]);
	return 0;
}
