/* host_read.c - the host's facts from files, of this machine or of a drive that is mounted or copied. Reads only. What the registry knows: host_registry.c.
 *
 * Exchange is found by its front end in applicationHost.config, which says what IIS serves: a virtual directory whose folder ends
 * in \FrontEnd\HttpProxy\owa names the install folder, and a server that has one holds the Mailbox role. Versions are read twice and count only
 * when both readings agree: Setup may be replacing the file.
 */
#include "actions/host_parts.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

static const char owa_folder[] = "\\FrontEnd\\HttpProxy\\owa";

static struct sg_host_product *add_product(
        struct sg_host *host, const char *name, const char *role, const char *app)
{
	struct sg_host_product *p;

	host->products = sg_realloc(host->products, (host->n_products + 1) * sizeof(*host->products));
	p = &host->products[host->n_products++];
	*p = (struct sg_host_product){ 0 };
	p->name = sg_strdup(name);
	p->role = sg_strdup(role);
	p->app = sg_strdup(app);
	return p;
}

static void read_version(struct sg_host_product *p, const struct sg_drives *drives, const char *file)
{
	struct sg_version v = { 0 };
	struct sg_err why = SG_ERR_INIT;

	if (sg_file_version_twice(drives, file, &v, &why)) {
		p->source = sg_strdup(why.msg);
		return;
	}
	p->version = v;
	p->source = sg_format("%s, version resource, read twice alike", file);
}

/* The install folder of Exchange, from the first virtual directory that is its front end; NULL: none. */
static char *exchange_folder(const struct sg_iis *iis)
{
	for (size_t s = 0; s < iis->n_sites; s++)
		for (size_t a = 0; a < iis->sites[s].n_apps; a++)
			for (size_t v = 0; v < iis->sites[s].apps[a].n_vdirs; v++) {
				const char *folder = iis->sites[s].apps[a].vdirs[v].physical;
				size_t len = strlen(folder), tail = sizeof(owa_folder) - 1;

				if (len > tail && sg_same(folder + len - tail, owa_folder))
					return sg_strndup(folder, len - tail);
			}
	return NULL;
}

static void read_products(struct sg_host *host, const struct sg_drives *drives)
{
	struct sg_err ignored = SG_ERR_INIT;
	char *folder = NULL, *file;

	sg_drive_canonical(drives, "%windir%\\System32\\inetsrv", &folder, &ignored);
	if (folder) {
		file = sg_win_join(folder, "w3wp.exe");
		read_version(add_product(host, "IIS", NULL, folder), drives, file);
		free(file);
		free(folder);
	}
	folder = exchange_folder(host->iis);
	if (folder) {
		file = sg_win_join(folder, "Bin\\ExSetup.exe");
		read_version(add_product(host, "Exchange", "Mailbox", folder), drives, file);
		free(file);
		free(folder);
	}
}

static char *read_machine(const struct sg_drives *drives)
{
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_buf text = { 0 };
	struct sg_file_id id;
	char *native = NULL, *machine = NULL;
	size_t len;

	if (sg_drive_path(drives, "%ProgramData%\\stopgap\\machine", false, &native, &ignored) == 0 &&
	        sg_os_read(native, 4096, &text, &id, &ignored) == 0 && text.len) {
		len = strcspn((const char *)text.data, "\r\n");
		if (len && sg_utf8_valid((struct sg_bytes){ text.data, len }))
			machine = sg_strndup((const char *)text.data, len);
	}
	sg_buf_release(&text);
	free(native);
	return machine;
}

int sg_host_read(const struct sg_drives *drives, struct sg_host **ret, struct sg_err *err)
{
	struct sg_host *host = sg_alloc(sizeof(*host));
	struct sg_err why = SG_ERR_INIT;

	(void)err; /* what cannot be read is said in the facts themselves */
	host->iis_code = sg_iis_read(drives, &host->iis, &why);
	if (host->iis_code)
		host->iis_error = sg_strdup(why.msg);
	else
		read_products(host, drives);
	host->machine = read_machine(drives);
	sg_host_read_registry(host, drives);
	*ret = host;
	return 0;
}
