/* load_config.c - the load configuration of a program that we give to a server (the Microsoft page "IMAGE_LOAD_CONFIG_DIRECTORY64 structure (winnt.h)"): the
 * libraries that it imports come from System32 alone, as with /DEPENDENTLOADFLAG:0x800 of Microsoft's linker. They are loaded before main() could ask for that
 * (SetDefaultDllDirectories in os_begin_win.c). Windows Server 2016 and later obey it; 2012 R2 passes the field over.
 *
 * GNU ld has no word for it: this is a section of its own, which scripts/windows/load-config enters into the headers once the program is linked.
 */
#include <stddef.h>
#include <stdint.h>

enum { SEARCH_SYSTEM32 = 0x800 }; /* LOAD_LIBRARY_SEARCH_SYSTEM32 */

struct load_config {
	uint32_t size, stamp;
	uint16_t major, minor;
	uint32_t flags_to_clear, flags_to_set, section_timeout;
	uint64_t free_block, free_total, lock_prefixes, most_allocation, virtual_threshold, affinity;
	uint32_t heap_flags;
	uint16_t service_pack, dependent_load_flags;
	uint64_t edit_list, security_cookie, handlers, n_handlers; /* 0: none of them */
};
_Static_assert(offsetof(struct load_config, dependent_load_flags) == 78 && sizeof(struct load_config) == 112,
        "as the page has it for 64 bits");

extern const struct load_config sg_load_config;
__attribute__((used, section(".loadcfg"))) const struct load_config sg_load_config = {
	.size = sizeof(struct load_config),
	.dependent_load_flags = SEARCH_SYSTEM32,
};
