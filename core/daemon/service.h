/* service.h - what the service tells its manager. POSIX: sd_notify(3)'s protocol, a datagram to $NOTIFY_SOCKET; without that variable all of
 * it does nothing. Windows' service control manager has its own file behind the same contract. Never blocks, never fails. */
#ifndef SG_DAEMON_SERVICE_H
#define SG_DAEMON_SERVICE_H

#include <stdint.h>

void sg_service_ready(const char *status); /* up, or a reload has ended; `status` is one line for people */
void sg_service_reloading(void);
void sg_service_stopping(void);
void sg_service_alive(void);

/* How often sg_service_alive() is due, in ms: half of what the manager allows ($WATCHDOG_USEC, for this process); 0: never. */
int64_t sg_service_watchdog(void);

#endif
