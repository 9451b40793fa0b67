/* stopgap_feed_main.c - the feed author's tool: its beginning and its end. It reads feeds, and the drives that they are tried on, in its own process
 * (base/worker.h, actions/apart.h): it has no rights but those of the person who runs it. */
#include "base/os.h"
#include "cli/feed_args.h"

int main(int argc, char **argv)
{
	sg_os_begin(&argc, &argv); /* `stopgap-feed show | head` ends when a write fails */
	return (int)sg_author_run(argc, argv);
}
