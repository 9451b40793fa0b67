/* stopgap_journal_main.c - the dump tool's entry; everything is in dump.c. */
#include "base/os.h"
#include "journal/dump.h"

int main(int argc, char **argv)
{
	sg_os_begin(&argc, &argv);
	return sg_dump_main(argc, argv);
}
