/* collect.c - packs what a plan reads into one file that only its owner may read. */
#include "cli/collect.h"

#include "base/os.h"
#include "base/xml.h"
#include "cli/table.h"
#include "engine/collect.h"

int sg_collect_run(
        const struct sg_args *a, const struct sg_drives *drives, struct sg_val **ret, struct sg_err *err)
{
	struct sg_collected about = { 0 };
	struct sg_clock now = { 0 };
	struct sg_buf tar = { 0 };
	struct sg_val *v, *notes;
	int r;

	if (!sg_drive_root(drives, 'C'))
		return sg_fail(err, SG_EINVAL,
		        "there is no drive C: give --root C=FOLDER (a mounted or copied system drive)");
	sg_xml_init();
	sg_os_clock(&now);
	r = sg_collect(drives, (a->given & SG_OPT_HIVES) != 0, &a->with, now.wall, &tar, &about, err);
	if (!r)
		r = sg_os_create(a->word, sg_buf_bytes(&tar), NULL, err);
	if (!r) {
		v = sg_val_map();
		sg_val_set_str(v, "schema", "stopgap.collect.v1");
		sg_val_set_str(v, "file", a->word);
		sg_val_set_int(v, "octets", (int64_t)tar.len);
		sg_val_set_int(v, "files", (int64_t)about.files);
		sg_val_set_int(v, "masked", (int64_t)about.masked);
		sg_val_set_int(v, "left_out", (int64_t)about.left_out);
		notes = sg_val_set(v, "notes", sg_val_array());
		for (size_t i = 0; i < about.notes.n; i++)
			sg_val_push(notes, sg_val_str(about.notes.at[i]));
		*ret = v;
	}
	sg_collected_release(&about);
	sg_buf_release(&tar);
	return r;
}

void sg_collect_render(const struct sg_val *reply, struct sg_buf *out)
{
	const struct sg_val *notes = sg_val_get(reply, "notes");

	sg_put_safe(sg_val_get_str(reply, "file", "-"), out);
	sg_buf_fmt(out, ": files: %lld, values masked: %lld, left out: %lld\n",
	        (long long)sg_val_get_int(reply, "files", 0), (long long)sg_val_get_int(reply, "masked", 0),
	        (long long)sg_val_get_int(reply, "left_out", 0));
	for (size_t i = 0; i < sg_val_count(notes); i++) {
		sg_buf_str(out, "  ");
		sg_put_safe(notes->kid[i]->s ? notes->kid[i]->s : "", out);
		sg_buf_char(out, '\n');
	}
	sg_buf_str(out,
	        "collect.txt in it lists all of that. Try a feed on it: stopgap-feed try FEED.xml --drives ");
	sg_put_safe(sg_val_get_str(reply, "file", "-"), out);
	sg_buf_char(out, '\n');
}
