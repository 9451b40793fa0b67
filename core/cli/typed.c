/* typed.c - one text from stdin, bounded, and refused where it is no text. */
#include "cli/typed.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

int sg_typed_text(struct sg_bytes octets, char **ret, struct sg_err *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct sg_bytes text = octets;

	if (text.len >= 3 && memcmp(text.data, mark, 3) == 0) {
		text.data += 3;
		text.len -= 3;
	}
	if (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	if (text.len && text.data[text.len - 1] == '\r')
		text.len--;
	if (!text.len)
		return sg_fail(err, SG_EINVAL, "--reason -: nothing stands on stdin");
	if (text.len > SG_TYPED_MAX)
		return sg_fail(err, SG_EINVAL, "--reason -: the text on stdin is longer than %d octets",
		        SG_TYPED_MAX);
	if (memchr(text.data, 0, text.len) || !sg_utf8_valid(text))
		return sg_fail(err, SG_EINVAL, "--reason -: what stands on stdin is not UTF-8 text");
	*ret = sg_strndup((const char *)text.data, text.len);
	return 0;
}

int sg_typed_read(struct sg_args *a, struct sg_err *err)
{
	unsigned char
	        octets[SG_TYPED_MAX + 6]; /* the mark, the line end, and one more that tells "too long" */
	size_t len = 0, n;
	int r;

	if (!a->reason || strcmp(a->reason, "-") != 0)
		return 0;
	while (len < sizeof octets && (n = fread(octets + len, 1, sizeof octets - len, stdin)) > 0)
		len += n;
	if (ferror(stdin))
		return sg_fail(err, SG_EIO, "--reason -: stdin cannot be read");
	r = sg_typed_text((struct sg_bytes){ octets, len }, &a->typed, err);
	if (r == 0)
		a->reason = a->typed;
	return r;
}
