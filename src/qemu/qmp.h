/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small client of QEMU's monitor protocol (QMP) over a UNIX socket: enough to follow and to drive
 * a migration. It knows nothing of tracing.
 *
 * All functions return 0 or a negative errno; none prints, none raises SIGPIPE, none waits longer
 * than the deadline given to qmp__open(). A connection belongs to one thread at a time.
 */
#ifndef MIGPOP_QEMU_QMP_H
#define MIGPOP_QEMU_QMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

struct qmp;

/*
 * Connect to the monitor at `path`, read its greeting and leave negotiation mode. `timeout_ms`
 * (milliseconds, > 0) bounds this call as a whole, and each later call on the connection.
 *
 * On success *out is owned by the caller: release it with qmp__close(). On failure *out is NULL.
 *   -ENOENT, -ECONNREFUSED, -EACCES   nobody listens there
 *   -ENAMETOOLONG                     `path` does not fit a socket address
 *   -EBUSY                            connected, but no greeting: another client is connected, and
 * a monitor serves one at a time. Said after a second -ETIMEDOUT                        connected,
 * but no greeting, and no other client to be seen -EPROTO                           what answered
 * does not speak QMP -ECONNRESET                       QEMU went away meanwhile
 */
int qmp__open(struct qmp **out, const char *path, int timeout_ms);

/*
 * Run one command and wait for its reply; events arriving before it go to qmp__on_event()'s.
 * `arguments` is borrowed and may be NULL. `ret` may be NULL; on success *ret is the reply's
 * "return" member, owned by the caller (json_object_put); on failure it is NULL. -EOPNOTSUPP this
 * QEMU has no such command -EREMOTEIO                 QEMU refused the command: qmp__error() holds
 * its words -ETIMEDOUT                 no reply in time; the connection stays usable, a late reply
 * is recognised by its id and skipped -ECONNRESET, -EPIPE        QEMU went away; every later call
 * says so again, at once -EPROTO, -EMSGSIZE         unparsable, or larger than 64 MiB; the
 * connection is then dead
 */
int qmp__execute(struct qmp *qmp, const char *command, json_object *arguments, json_object **ret);

/*
 * The state of the migration this QEMU sends or receives, as query-migrate names it: "setup",
 * "active", "completed", "failed", "cancelled", "device", "pre-switchover", "postcopy-active", …,
 * or "none" when there has not been any. `status` holds `size` bytes, always terminated;
 * -ENOSPC if the name does not fit. Other errors as qmp__execute().
 */
int qmp__migration_status(struct qmp *qmp, char *status, size_t size);

/*
 * For poll(): readable means that events arrived or that QEMU went away. The descriptor stays owned
 * by the connection. After it was readable call qmp__drain(), or it stays readable for ever.
 */
int qmp__fd(const struct qmp *qmp);

/* "event" is called with each event from here on, while others are called: its name, its data (NULL
 * without any) and when QEMU says it was, in microseconds of the wall's clock. It must not call. */
typedef void qmp_event_fn(const char *name, json_object *data, int64_t wall_us, void *opaque);
void qmp__on_event(struct qmp *qmp, qmp_event_fn *event, void *opaque);

/* The process that listens at the other end, or did when it began to: 0 if that cannot be said.
 * Where one listens for another (libvirt for QEMU) it is the one that began. */
pid_t qmp__peer(const struct qmp *qmp);

/* Take in and drop what has arrived, without waiting. -ECONNRESET if QEMU went away. */
int qmp__drain(struct qmp *qmp);

/* What the last failed call tried, and what came of it. Never NULL; valid until the next call. */
const char *qmp__error(const struct qmp *qmp);

/* Disconnect and release. NULL is allowed. */
void qmp__close(struct qmp *qmp);

#endif
