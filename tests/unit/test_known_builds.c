/* test_known_builds.c - which builds of Exchange need which of the known mitigations: public lists of builds against the feed's Applicability.
 *
 * Source of the numbers: Microsoft's page "Exchange Server build numbers and release dates" and the table of builds in Microsoft's CSS-Exchange; the
 * fixed builds are those of the security updates of March 2021, November 2022 and June 2026. The two lists differ about the security update of March
 * 2021 for 2016 CU8 and CU9 (1415.8 or .10, 1466.13 or .16): the higher one counts. */
#include "engine/match.h"
#include "tests/lib/known_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Columns of `needed`: Y or N. */
static const char *const columns[] = { "EXK-2022-41040", "EXK-2026-42897", "EXK-2021-26855",
	"EXK-2021-26857" };
enum { COLUMNS = sizeof columns / sizeof *columns };

/* clang-format off */
static const struct { const char *build, *name, *needed; } builds[] = {
	{ "14.3.513.0", "2010 SP3, which none of them is for", "NNNN" },
	{ "15.0.516.32", "2013 RTM", "YNYY" },
	{ "15.0.620.29", "2013 CU1", "YNYY" },
	{ "15.0.847.32", "2013 SP1", "YNYY" },
	{ "15.0.847.63", "2013 SP1, one below its fix", "YNYY" },
	{ "15.0.847.64", "2013 SP1 Mar21SU", "YNNN" },
	{ "15.0.1044.25", "2013 CU7", "YNYY" },
	{ "15.0.1367.9", "2013 CU20 Aug18SU, never fixed", "YNYY" },
	{ "15.0.1395.10", "2013 CU21 Jan19SU", "YNYY" },
	{ "15.0.1395.12", "2013 CU21 Mar21SU", "YNNN" },
	{ "15.0.1473.5", "2013 CU22 Jun19SU", "YNYY" },
	{ "15.0.1473.6", "2013 CU22 Mar21SU", "YNNN" },
	{ "15.0.1497.2", "2013 CU23", "YNYY" },
	{ "15.0.1497.10", "2013 CU23 Dec20SU", "YNYY" },
	{ "15.0.1497.12", "2013 CU23 Mar21SU", "YNNN" },
	{ "15.0.1497.42", "2013 CU23 Oct22SU", "YNNN" },
	{ "15.0.1497.43", "2013 CU23, one below its fix", "YNNN" },
	{ "15.0.1497.44", "2013 CU23 Nov22SU", "NNNN" },
	{ "15.0.1497.48", "2013 CU23 Mar23SU, the last", "NNNN" },
	{ "15.0.1600.1", "2013, a later one that nobody knows", "NNNN" },
	{ "15.1.225.42", "2016 RTM", "YYYY" },
	{ "15.1.396.30", "2016 CU1", "YYYY" },
	{ "15.1.1261.39", "2016 CU7 Mar18SU, never fixed", "YYYY" },
	{ "15.1.1415.7", "2016 CU8 May18SU", "YYYY" },
	{ "15.1.1415.8", "2016 CU8 Mar21SU in one list", "YYYY" },
	{ "15.1.1415.10", "2016 CU8 Mar21SU in the other", "YYNN" },
	{ "15.1.1466.13", "2016 CU9 Mar21SU in one list", "YYYY" },
	{ "15.1.1466.16", "2016 CU9 Mar21SU in the other", "YYNN" },
	{ "15.1.1531.10", "2016 CU10 Jan19SU", "YYYY" },
	{ "15.1.1531.12", "2016 CU10 Mar21SU", "YYNN" },
	{ "15.1.1591.17", "2016 CU11 Jun19SU", "YYYY" },
	{ "15.1.1591.18", "2016 CU11 Mar21SU", "YYNN" },
	{ "15.1.1713.9", "2016 CU12 Sep19SU", "YYYY" },
	{ "15.1.1713.10", "2016 CU12 Mar21SU", "YYNN" },
	{ "15.1.1779.7", "2016 CU13 Nov19SU", "YYYY" },
	{ "15.1.1779.8", "2016 CU13 Mar21SU", "YYNN" },
	{ "15.1.1847.10", "2016 CU14 Mar20SU", "YYYY" },
	{ "15.1.1847.12", "2016 CU14 Mar21SU", "YYNN" },
	{ "15.1.1913.10", "2016 CU15 Mar20SU", "YYYY" },
	{ "15.1.1913.12", "2016 CU15 Mar21SU", "YYNN" },
	{ "15.1.1979.6", "2016 CU16 Sep20SU", "YYYY" },
	{ "15.1.1979.8", "2016 CU16 Mar21SU", "YYNN" },
	{ "15.1.2044.12", "2016 CU17 Dec20SU", "YYYY" },
	{ "15.1.2044.13", "2016 CU17 Mar21SU", "YYNN" },
	{ "15.1.2106.8", "2016 CU18 Feb21SU", "YYYY" },
	{ "15.1.2106.13", "2016 CU18 Mar21SU", "YYNN" },
	{ "15.1.2176.4", "2016 CU19 Feb21SU", "YYYY" },
	{ "15.1.2176.9", "2016 CU19 Mar21SU", "YYNN" },
	{ "15.1.2242.4", "2016 CU20, released with the fix of March 2021", "YYNN" },
	{ "15.1.2308.27", "2016 CU21 Mar22SU, no longer supported in November 2022", "YYNN" },
	{ "15.1.2375.32", "2016 CU22 Oct22SU", "YYNN" },
	{ "15.1.2375.37", "2016 CU22 Nov22SU, no longer supported in June 2026", "NYNN" },
	{ "15.1.2400.1", "2016, between two cumulative updates", "YYNN" },
	{ "15.1.2507.6", "2016 CU23", "YYNN" },
	{ "15.1.2507.13", "2016 CU23 Oct22SU", "YYNN" },
	{ "15.1.2507.16", "2016 CU23 Nov22SU", "NYNN" },
	{ "15.1.2507.66", "2016 CU23 Feb26SU", "NYNN" },
	{ "15.1.2507.68", "2016 CU23, one below its fix", "NYNN" },
	{ "15.1.2507.69", "2016 CU23 Jun26SU", "NNNN" },
	{ "15.1.2507.72", "2016 CU23 Aug26SU", "NNNN" },
	{ "15.1.2600.1", "2016, a later one that nobody knows", "NNNN" },
	{ "15.2.196.0", "2019 preview", "YYYN" },
	{ "15.2.221.12", "2019 RTM", "YYYN" },
	{ "15.2.221.18", "2019 RTM Mar21SU", "YYNN" },
	{ "15.2.330.10", "2019 CU1 Sep19SU", "YYYN" },
	{ "15.2.330.11", "2019 CU1 Mar21SU", "YYNN" },
	{ "15.2.397.9", "2019 CU2 Nov19SU", "YYYN" },
	{ "15.2.397.11", "2019 CU2 Mar21SU", "YYNN" },
	{ "15.2.464.14", "2019 CU3 Mar20SU", "YYYN" },
	{ "15.2.464.15", "2019 CU3 Mar21SU", "YYNN" },
	{ "15.2.529.11", "2019 CU4 Mar20SU", "YYYN" },
	{ "15.2.529.13", "2019 CU4 Mar21SU", "YYNN" },
	{ "15.2.595.6", "2019 CU5 Sep20SU", "YYYN" },
	{ "15.2.595.8", "2019 CU5 Mar21SU", "YYNN" },
	{ "15.2.659.11", "2019 CU6 Dec20SU", "YYYN" },
	{ "15.2.659.12", "2019 CU6 Mar21SU", "YYNN" },
	{ "15.2.721.8", "2019 CU7 Feb21SU", "YYYN" },
	{ "15.2.721.13", "2019 CU7 Mar21SU", "YYNN" },
	{ "15.2.792.5", "2019 CU8 Feb21SU", "YYYN" },
	{ "15.2.792.10", "2019 CU8 Mar21SU", "YYNN" },
	{ "15.2.858.5", "2019 CU9, released with the fix of March 2021", "YYNN" },
	{ "15.2.922.27", "2019 CU10 Mar22SU, no longer supported in November 2022", "YYNN" },
	{ "15.2.986.29", "2019 CU11 Aug22SU", "YYNN" },
	{ "15.2.986.30", "2019 CU11 Oct22SU", "YYNN" },
	{ "15.2.986.36", "2019 CU11 Nov22SU", "NYNN" },
	{ "15.2.1118.15", "2019 CU12 Oct22SU", "YYNN" },
	{ "15.2.1118.20", "2019 CU12 Nov22SU", "NYNN" },
	{ "15.2.1118.40", "2019 CU12 Nov23SU", "NYNN" },
	{ "15.2.1200.0", "2019, between two cumulative updates", "YYNN" },
	{ "15.2.1258.12", "2019 CU13, released after the fix of November 2022", "NYNN" },
	{ "15.2.1258.39", "2019 CU13 Nov24SUv2, no longer supported in June 2026", "NYNN" },
	{ "15.2.1544.4", "2019 CU14", "NYNN" },
	{ "15.2.1544.39", "2019 CU14 Feb26SU", "NYNN" },
	{ "15.2.1544.41", "2019 CU14 Jun26SU", "NNNN" },
	{ "15.2.1544.44", "2019 CU14 Aug26SU", "NNNN" },
	{ "15.2.1748.10", "2019 CU15", "NYNN" },
	{ "15.2.1748.43", "2019 CU15 Feb26SU", "NYNN" },
	{ "15.2.1748.45", "2019 CU15, one below its fix", "NYNN" },
	{ "15.2.1748.46", "2019 CU15 Jun26SU", "NNNN" },
	{ "15.2.1748.49", "2019 CU15 Aug26SU", "NNNN" },
	{ "15.2.2562.17", "SE RTM", "NYNN" },
	{ "15.2.2562.37", "SE RTM Feb26SU", "NYNN" },
	{ "15.2.2562.42", "SE RTM, one below its fix", "NYNN" },
	{ "15.2.2562.43", "SE RTM Jun26SU", "NNNN" },
	{ "15.2.2562.46", "SE RTM Aug26SU", "NNNN" },
	{ "15.2.2900.1", "SE, a later cumulative update that nobody knows", "NNNN" },
	{ "15.2.9999.0", "SE, much later", "NNNN" },
	{ "15.3.1.0", "another version of Exchange, which none of them is for", "NNNN" },
	{ "15.20.8000.1", "Exchange Online's numbers", "NNNN" },
};
/* clang-format on */

static enum sg_applies applies(const struct sg_mitigation *m, const char *build, char **ret_proof)
{
	char exchange[] = "Exchange", mailbox[] = "Mailbox", app[] = "C:\\E", source[] = "ExSetup.exe";
	struct sg_host_product product = { .name = exchange, .role = mailbox, .app = app, .source = source };
	struct sg_host host = { .products = &product, .n_products = 1 };
	struct sg_match match = { 0 };
	enum sg_applies r;

	assert_int_equal(sg_version_parse(build, &product.version, NULL), 0);
	sg_match(m, &host, NULL, &match);
	r = match.applies;
	*ret_proof = sg_strdup(match.proof);
	sg_match_release(&match);
	return r;
}

static void check(const struct sg_mitigation *m, size_t column)
{
	for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
		char *proof = NULL;
		enum sg_applies want = builds[i].needed[column] == 'Y' ? SG_APPLIES_YES : SG_APPLIES_NO,
		                got = applies(m, builds[i].build, &proof);

		if (got != want)
			fail_msg("%s on %s (%s): %s: %s", m->id, builds[i].build, builds[i].name,
			        sg_applies_name(got), proof);
		assert_non_null(strstr(proof, builds[i].build));
		free(proof);
	}
}

static void each_mitigation_is_for_the_builds_that_need_it(void **state)
{
	struct sg_feed *feed = known_decode(KNOWN_NEWEST);

	(void)state;
	for (size_t k = 0; k < COLUMNS; k++)
		check(known_find(feed, columns[k]), k);
	/* the pools of March 2021 go with the cookies of March 2021 */
	check(known_find(feed, "EXK-2021-27065-ECP"), 2);
	check(known_find(feed, "EXK-2021-27065-OAB"), 2);
	sg_feed_free(feed);
}

/* A body that is replaced within days must not change whom it is for. */
static void older_bodies_are_for_the_same_builds(void **state)
{
	(void)state;
	for (int serial = 1; serial <= KNOWN_OLDER; serial++) {
		char *name = sg_format("known/serial-%d.xml", serial);
		struct sg_feed *feed = known_decode(name);

		check(known_find(feed, "EXK-2022-41040"), 0);
		if (serial == KNOWN_OLDER)
			check(known_find(feed, "EXK-2026-42897"), 1);
		sg_feed_free(feed);
		free(name);
	}
}

static void a_build_that_cannot_be_told_is_unknown(void **state)
{
	struct sg_feed *feed = known_decode(KNOWN_NEWEST);
	struct sg_match match = { 0 };

	(void)state;
	for (size_t i = 0; i < feed->n; i++) {
		if (feed->at[i]->tombstone || !feed->at[i]->applicability.given)
			continue;
		sg_match(feed->at[i], NULL, NULL, &match);
		assert_int_equal(match.applies, SG_APPLIES_UNKNOWN);
		sg_match_release(&match);
	}
	sg_feed_free(feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mitigation_is_for_the_builds_that_need_it),
		cmocka_unit_test(older_bodies_are_for_the_same_builds),
		cmocka_unit_test(a_build_that_cannot_be_told_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
