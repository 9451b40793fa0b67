/* mark-setup - puts the mark of a Setup at work into the SOFTWARE hive of a test drive, or takes it out again, as Exchange's Setup does. */
#include "tests/lib/hive_file.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const char key[] = "Microsoft\\ExchangeServer\\v15\\MailboxRole";

	if (argc == 3 && !strcmp(argv[2], "begin")) {
		t_software_text(argv[1], key, "Watermark", "SystemAttendantDependent___1DEE95834DBA48F2");
	} else if (argc == 3 && !strcmp(argv[2], "end")) {
		struct t_hive *h = t_hive_open(argv[1], T_SOFTWARE);

		t_hive_remove_value(h, key, "Watermark");
		t_hive_save(argv[1], T_SOFTWARE, h, NULL);
		t_hive_free(h);
	} else {
		fputs("usage: mark-setup DRIVE begin|end\n", stderr);
		return 2;
	}
	return 0;
}
