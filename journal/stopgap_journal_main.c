/* stopgap_journal_main.c - the dump tool's entry; everything is in dump.c. */
#include "journal/dump.h"

int main(int argc, char **argv)
{
	return sg_dump_main(argc, argv);
}
