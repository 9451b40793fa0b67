/* test_host.c - the facts about a server, read from a drive alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actions/host.h"
#include "tests/lib/drive.h"

#include <stdlib.h>
#include <string.h>

static const struct sg_host_product *product(const struct sg_host *host, const char *name)
{
	for (size_t i = 0; i < host->n_products; i++)
		if (!strcmp(host->products[i].name, name))
			return &host->products[i];
	return NULL;
}

static struct sg_host *host_of(const char *dir)
{
	struct sg_drives drives;
	struct sg_err err = SG_ERR_INIT;
	struct sg_host *host = NULL;

	t_drive_drives(dir, &drives);
	assert_int_equal(sg_host_read(&drives, &host, &err), 0);
	sg_drives_release(&drives);
	return host;
}

static void exchange_is_found_by_its_front_end_and_its_version_by_exsetup(void **state)
{
	char *dir = t_drive_make(), text[48];
	struct sg_host *host = host_of(dir);
	const struct sg_host_product *p = product(host, "Exchange");

	(void)state;
	assert_non_null(p);
	assert_string_equal(p->role, "Mailbox");
	assert_string_equal(p->app, T_V15);
	sg_version_format(&p->version, text);
	assert_string_equal(text, "15.2.986.29");
	sg_host_free(host);
	t_drive_free(dir);
}

static void iis_has_the_version_of_its_worker_process(void **state)
{
	char *dir = t_drive_make(), text[48];
	struct sg_host *host = host_of(dir);
	const struct sg_host_product *p = product(host, "IIS");

	(void)state;
	assert_non_null(p);
	assert_null(p->role);
	sg_version_format(&p->version, text);
	assert_string_equal(text, "10.0.17763.1");
	sg_host_free(host);
	t_drive_free(dir);
}

static void a_version_that_cannot_be_read_has_no_parts_and_a_reason(void **state)
{
	char *dir = t_drive_make();
	const struct sg_host_product *p;
	struct sg_host *host;

	(void)state;
	t_drive_write(dir, T_EXSETUP, sg_bytes_of("MZ, and nothing that follows"));
	t_drive_remove(dir, "C:\\Windows\\System32\\inetsrv\\w3wp.exe");
	host = host_of(dir);
	p = product(host, "Exchange");
	assert_non_null(p);
	assert_int_equal(p->version.n, 0);
	assert_non_null(strstr(p->source, "ExSetup.exe"));
	p = product(host, "IIS");
	assert_non_null(p);
	assert_int_equal(p->version.n, 0);
	sg_host_free(host);
	t_drive_free(dir);
}

static void a_drive_without_iis_has_no_products_and_says_why(void **state)
{
	char *dir = t_drive_empty();
	struct sg_host *host = host_of(dir);

	(void)state;
	assert_null(host->iis);
	assert_non_null(host->iis_error);
	assert_int_equal(host->n_products, 0);
	assert_null(host->machine);
	sg_host_free(host);
	t_drive_free(dir);
}

static void the_machine_is_named_by_the_drive(void **state)
{
	char *dir = t_drive_make();
	struct sg_host *host = host_of(dir);

	(void)state;
	assert_string_equal(host->machine, T_MACHINE);
	sg_host_free(host);
	t_drive_remove(dir, "C:\\ProgramData\\stopgap\\machine");
	host = host_of(dir);
	assert_null(host->machine);
	sg_host_free(host);
	t_drive_free(dir);
}

static void a_pe_file_gives_its_file_version_and_not_its_product_version(void **state)
{
	struct sg_buf pe = { 0 };
	struct sg_version v = { 0 };
	struct sg_err err = SG_ERR_INIT;
	char text[48];

	(void)state;
	t_pe(15, 1, 2507, 65535, &pe);
	assert_int_equal(sg_pe_version(sg_buf_bytes(&pe), &v, &err), 0);
	sg_version_format(&v, text);
	assert_string_equal(text, "15.1.2507.65535");
	sg_buf_release(&pe);
}

/* Each prefix, and each octet changed: an answer or an error, never a read outside (the sanitizers watch). */
static void a_damaged_pe_file_is_refused_and_nothing_outside_is_read(void **state)
{
	struct sg_buf pe = { 0 };
	size_t refused = 0;

	(void)state;
	t_pe(15, 2, 986, 29, &pe);
	for (size_t len = 0; len < pe.len; len++) {
		unsigned char *exact = malloc(len ? len : 1);
		struct sg_version v = { 0 };
		struct sg_err err = SG_ERR_INIT;

		memcpy(exact, pe.data, len);
		refused += sg_pe_version((struct sg_bytes){ exact, len }, &v, &err) < 0;
		free(exact);
	}
	assert_int_equal(refused, pe.len); /* the section must be there in full */
	for (size_t at = 0; at < pe.len; at++)
		for (int with = 0; with < 3; with++) {
			static const unsigned char values[] = { 0x00, 0x7f, 0xff };
			unsigned char *exact = malloc(pe.len);
			struct sg_version v = { 0 };
			struct sg_err err = SG_ERR_INIT;

			memcpy(exact, pe.data, pe.len);
			exact[at] = values[with];
			sg_pe_version((struct sg_bytes){ exact, pe.len }, &v, &err);
			free(exact);
		}
	sg_buf_release(&pe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchange_is_found_by_its_front_end_and_its_version_by_exsetup),
		cmocka_unit_test(iis_has_the_version_of_its_worker_process),
		cmocka_unit_test(a_version_that_cannot_be_read_has_no_parts_and_a_reason),
		cmocka_unit_test(a_drive_without_iis_has_no_products_and_says_why),
		cmocka_unit_test(the_machine_is_named_by_the_drive),
		cmocka_unit_test(a_pe_file_gives_its_file_version_and_not_its_product_version),
		cmocka_unit_test(a_damaged_pe_file_is_refused_and_nothing_outside_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
