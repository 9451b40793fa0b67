/* host.c - owning a struct sg_host. */
#include "actions/host.h"

#include <stdlib.h>

void sg_host_free(struct sg_host *host)
{
	if (!host)
		return;
	for (size_t i = 0; i < host->n_products; i++) {
		free(host->products[i].name);
		free(host->products[i].role);
		free(host->products[i].app);
		free(host->products[i].source);
	}
	free(host->products);
	free(host->machine);
	free(host->iis_error);
	free(host->edge_error);
	sg_services_free(host->services);
	free(host->services_error);
	free(host->setup_text);
	free(host->restart_text);
	free(host->maintenance_text);
	free(host->registry_text);
	sg_iis_free(host->iis);
	free(host);
}
