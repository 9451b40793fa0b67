/* host_read.c - the host's facts from files, of this machine or of a drive that is mounted or copied. Reads only. What the registry knows: host_registry.c.
 *
 * Exchange is found by its front end in applicationHost.config, which says what IIS serves: a virtual directory whose folder ends
 * in \FrontEnd\HttpProxy\owa names the install folder, and a server that has one holds the Mailbox role. The role
 * Edge needs no IIS: the registry tells (host_registry.c). Versions are read twice and count only
 * when both readings agree: Setup may be replacing the file.
 */
#include "actions/host_parts.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

static const char owa_folder[] = "\\FrontEnd\\HttpProxy\\owa";

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

void sg_host_add_product(struct sg_host *host, const struct sg_drives *drives, enum sg_found found,
        const char *app, const char *file)
{
	struct sg_host_product *p;
	char *path = sg_win_join(app, file);

	host->products = sg_realloc(host->products, (host->n_products + 1) * sizeof(*host->products));
	p = &host->products[host->n_products++];
	*p = (struct sg_host_product){ .name = sg_strdup(sg_found_name(found)),
		.role = sg_strdup(sg_found_role(found)),
		.app = sg_strdup(app) };
	read_version(p, drives, path);
	free(path);
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
	char *folder = NULL;

	sg_drive_canonical(drives, "%windir%\\System32\\inetsrv", &folder, &ignored);
	if (folder)
		sg_host_add_product(host, drives, SG_FOUND_IIS, folder, "w3wp.exe");
	free(folder);
	folder = exchange_folder(host->iis);
	if (folder)
		sg_host_add_product(host, drives, SG_FOUND_MAILBOX, folder, "Bin\\ExSetup.exe");
	free(folder);
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
