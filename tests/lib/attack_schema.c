/* Signed documents whose one mitigation breaks one rule of feed.xsd: it is left out, with a sentence. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <stdlib.h>
#include <string.h>

#define OPEN  "<Config id=\"PING1\" desc=\"Heartbeat\">"
#define CLOSE "</Config>"
#define LIST  "<ActionList>"

static void broken(const struct attack_row *row, struct attack *ret)
{
	char *doc = attack_resigned(row->a, row->b);

	sg_buf_set(&ret->doc, doc, strlen(doc));
	free(doc);
}

static void actions(const struct attack_row *row, struct attack *ret)
{
	struct sg_buf list = { 0 };
	char *doc;

	attack_repeat(LIST, "<Action type=\"DoNothing\"/>", (size_t)row->n, "", &list);
	doc = attack_resigned(LIST, (const char *)list.data);
	sg_buf_set(&ret->doc, doc, strlen(doc));
	sg_buf_release(&list);
	free(doc);
}

static void long_word(const struct attack_row *row, struct attack *ret)
{
	struct sg_buf word = { 0 };
	char *doc;

	attack_repeat(row->b, "x", (size_t)row->n, "", &word);
	doc = attack_resigned(row->a, (const char *)word.data);
	sg_buf_set(&ret->doc, doc, strlen(doc));
	sg_buf_release(&word);
	free(doc);
}

#define RULE(name, says, from, to)                                                                           \
	{                                                                                                    \
		name, broken, SG_EINVAL, SG_EV_FEED_PART_REFUSED, says, from, to                             \
	}
#define INSIDE(name, says, what)  RULE(name, says, LIST, what LIST)
#define CONFIG(name, says, attrs) RULE(name, says, OPEN, "<Config " attrs ">")

static const struct attack_row rows[] = {
	CONFIG("no id", "attribute 'id' is missing", "desc=\"x\""),
	CONFIG("empty id", "attribute 'id' must have", "id=\"\""),
	CONFIG("id that begins with a dot", "is not allowed", "id=\".x\""),
	CONFIG("id that climbs", "is not allowed", "id=\"../../x\""),
	CONFIG("id with a blank", "is not allowed", "id=\"a b\""),
	CONFIG("id with a line end", "is not allowed", "id=\"a&#10;b\""),
	{ "id of 65 characters", long_word, SG_EINVAL, SG_EV_FEED_PART_REFUSED, "is not allowed",
	        "id=\"PING1", "id=\"", 65 },
	{ "description of 3,000 characters", long_word, SG_EINVAL, SG_EV_FEED_PART_REFUSED,
	        "attribute 'desc'", "desc=\"Heartbeat", "desc=\"", 3000 },
	CONFIG("empty description", "attribute 'desc' must have", "id=\"A\" desc=\"\""),
	CONFIG("unknown word of ours", "attribute 'sevirity' is not known", "id=\"A\" sg:sevirity=\"high\""),
	CONFIG("unknown severity", "'huge' is not one of", "id=\"A\" sg:severity=\"huge\""),
	CONFIG("revision with a slash", "attribute 'revision'", "id=\"A\" sg:revision=\"1/2\""),
	CONFIG("review-by that is no time", "is not a time", "id=\"A\" sg:review-by=\"soon\""),
	CONFIG("remove-after that is no time", "is not a time", "id=\"A\" sg:remove-after=\"2026-02-30\""),
	CONFIG("withdrawn with content", "a withdrawn mitigation has no content",
	        "id=\"A\" sg:withdrawn=\"2026-10-01\" sg:reason=\"x\""),
	CONFIG("withdrawn without a reason", "attribute 'reason' is missing",
	        "id=\"A\" sg:withdrawn=\"2026-10-01\""),
	CONFIG("reason without withdrawn", "'reason' belongs to 'withdrawn'", "id=\"A\" sg:reason=\"x\""),
	INSIDE("text in Config", "text is not allowed", "x"),
	INSIDE("unknown element of ours", "this element is not known", "<sg:Refrence/>"),
	INSIDE("second ActionList", "second one", LIST "<Action type=\"DoNothing\"/></ActionList>"),
	RULE("empty ActionList", "no Action in it",
	        "<Action type=\"DoNothing\" scope=\"Server\"><Value>DoNothing</Value></Action>", ""),
	RULE("text in ActionList", "text is not allowed", LIST, LIST "x"),
	RULE("Action without a type", "attribute 'type' is missing", " type=\"DoNothing\"", ""),
	RULE("Action with an empty type", "attribute 'type' must have", " type=\"DoNothing\"", " type=\"\""),
	RULE("Action with a word of ours", "attribute 'scope' is not known", " scope=\"Server\"",
	        " sg:scope=\"Server\""),
	RULE("an element of ours in ActionList", "is not known here", LIST, LIST "<sg:Action type=\"x\"/>"),
	{ "33 actions", actions, SG_EINVAL, SG_EV_FEED_PART_REFUSED, "more than 32 actions", NULL, NULL, 32 },
	INSIDE("reference of an unknown type", "not one of cve, kb, url",
	        "<sg:Reference type=\"evil\">x</sg:Reference>"),
	INSIDE("reference without a type", "attribute 'type' is missing", "<sg:Reference>x</sg:Reference>"),
	INSIDE("empty reference", "a text of 1 to", "<sg:Reference type=\"cve\"/>"),
	INSIDE("side effect with an attribute", "is not known", "<sg:SideEffect x=\"1\">y</sg:SideEffect>"),
	INSIDE("side effect with an element", "an element is not allowed",
	        "<sg:SideEffect><b/></sg:SideEffect>"),
	INSIDE("FixedBy twice", "second one", "<sg:FixedBy>x</sg:FixedBy><sg:FixedBy>y</sg:FixedBy>"),
	INSIDE("Applicability twice", "second one",
	        "<sg:Applicability><sg:Product "
	        "name=\"IIS\"/></sg:Applicability><sg:Applicability><sg:Product "
	        "name=\"IIS\"/></sg:Applicability>"),
	INSIDE("empty Applicability", "no condition in it", "<sg:Applicability/>"),
	INSIDE("Product without a name", "attribute 'name' is missing",
	        "<sg:Applicability><sg:Product/></sg:Applicability>"),
	INSIDE("Affected without bounds", "at least one of",
	        "<sg:Applicability><sg:Product name=\"IIS\"><sg:Affected/></sg:Product></sg:Applicability>"),
	INSIDE("Affected that ends before it begins", "'from' must be less",
	        "<sg:Applicability><sg:Product name=\"IIS\"><sg:Affected from=\"2\" "
	        "below=\"1\"/></sg:Product></sg:Applicability>"),
	INSIDE("version that is none", "is not a version",
	        "<sg:Applicability><sg:Product name=\"IIS\"><sg:Affected "
	        "from=\"1.2.3.4.5\"/></sg:Product></sg:Applicability>"),
	INSIDE("version that overflows", "is not a version",
	        "<sg:Applicability><sg:Product name=\"IIS\"><sg:Affected "
	        "from=\"99999999999999999999\"/></sg:Product></sg:Applicability>"),
	INSIDE("Fixed outside its branch", "'from' must lie in 'branch'",
	        "<sg:Applicability><sg:Product name=\"IIS\"><sg:Fixed branch=\"1.2\" "
	        "from=\"1.3.1\"/></sg:Product></sg:Applicability>"),
	INSIDE("File without a path", "attribute 'path' is missing",
	        "<sg:Applicability><sg:File below=\"1\"/></sg:Applicability>"),
	INSIDE("File at a relative path", "attribute 'path' must begin",
	        "<sg:Applicability><sg:File path=\"..\\x\" below=\"1\"/></sg:Applicability>"),
	INSIDE("File on a share", "attribute 'path' must begin",
	        "<sg:Applicability><sg:File path=\"\\\\evil\\x\" below=\"1\"/></sg:Applicability>"),
	INSIDE("empty Test", "no test in it", "<sg:Test/>"),
	INSIDE("unknown test", "allowed: Refuse, Serve, Response",
	        "<sg:Test><sg:Allow uri=\"/\"/></sg:Test>"),
	INSIDE("test without an address", "attribute 'uri' is missing", "<sg:Test><sg:Refuse/></sg:Test>"),
	INSIDE("test of another host", "attribute 'uri' must begin with '/'",
	        "<sg:Test><sg:Refuse uri=\"http://evil/\"/></sg:Test>"),
	INSIDE("test with a header in its address", "a blank or a control character",
	        "<sg:Test><sg:Refuse uri=\"/ HTTP/1.1&#13;&#10;X: y\"/></sg:Test>"),
	INSIDE("test with a method in small letters", "in capital letters",
	        "<sg:Test><sg:Refuse method=\"post\" uri=\"/\"/></sg:Test>"),
	INSIDE("test with an unknown element", "allowed: Header",
	        "<sg:Test><sg:Refuse uri=\"/\"><sg:Body/></sg:Refuse></sg:Test>"),
	INSIDE("header without a name", "attribute 'name' is missing",
	        "<sg:Test><sg:Refuse uri=\"/\"><sg:Header>v</sg:Header></sg:Refuse></sg:Test>"),
	INSIDE("response without a header", "attribute 'header' is missing",
	        "<sg:Test><sg:Response uri=\"/\" becomes=\"x\"/></sg:Test>"),
	INSIDE("response that becomes nothing", "attribute 'becomes' is missing",
	        "<sg:Test><sg:Response uri=\"/\" header=\"h\"/></sg:Test>"),
	INSIDE("probe without an expectation", "attribute 'expect' is missing", "<sg:Probe uri=\"/\"/>"),
	INSIDE("probe that expects something else", "not one of refused, served",
	        "<sg:Probe uri=\"/\" expect=\"evil\"/>"),
	INSIDE("probe of another host", "must begin with '/'",
	        "<sg:Probe uri=\"http://evil/\" expect=\"served\"/>"),
	INSIDE("probe with an element", "an element is not allowed",
	        "<sg:Probe uri=\"/\" expect=\"served\"><x/></sg:Probe>"),
};
const struct attack_table attack_schema = ATTACK_TABLE("schema", rows);
